/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the schema share: documents written in C, and the one that has every
 * field.
 */
#ifndef HR_TESTS_UNIT_SCHEMA_DOCUMENTS_H
#define HR_TESTS_UNIT_SCHEMA_DOCUMENTS_H

#include "base/text.h"
#include "oci/schema.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* JSON in tests is written with ' for ". NULL when the reader refuses it. */
static inline struct json_doc *read_quoted(const char *text, struct hr_error *err)
{
	char *json = strdup(text);
	struct json_doc *doc = NULL;

	cr_assert_not_null(json);
	for (char *c = json; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	json_parse("config.json", json, strlen(json), false, &doc, err);
	free(json);
	return doc;
}

/* A schema_unknown_fn that collects the paths in a struct text, with blanks between. */
static inline void add_path(void *data, const char *path, const struct json *value)
{
	struct text *paths = data;

	cr_assert_not_null(value);
	text_addf(paths, "%s%s", paths->len > 0 ? " " : "", path);
}

/* Every field of runtime-spec 1.3 once, with the widest value of its type. */
static const char everything[] =
	"{'ociVersion':'1.3.0','process':{'terminal':true,"
	"'consoleSize':{'height':18446744073709551615,'width':0},"
	"'user':{'uid':4294967295,'gid':0,'umask':18,'additionalGids':[0,4294967295],"
	"'username':'u'},'args':['sh'],'commandLine':'sh','env':['A=B'],'cwd':'/',"
	"'capabilities':{'bounding':['CAP_KILL'],'effective':[],'inheritable':[],"
	"'permitted':[],'ambient':[]},"
	"'rlimits':[{'type':'RLIMIT_CORE','hard':18446744073709551615,'soft':0}],"
	"'noNewPrivileges':false,'apparmorProfile':'p','oomScoreAdj':-1000,"
	"'scheduler':{'policy':'SCHED_OTHER','nice':-2147483648,'priority':2147483647,"
	"'flags':['SCHED_FLAG_RECLAIM'],'runtime':1,'deadline':1,'period':1},"
	"'selinuxLabel':'l','ioPriority':{'class':'IOPRIO_CLASS_BE','priority':4},"
	"'execCPUAffinity':{'initial':'0','final':'1-3'}},"
	"'root':{'path':'rootfs','readonly':true},'hostname':'h','domainname':'d',"
	"'mounts':[{'destination':'/m','type':'bind','source':'/s','options':['ro'],"
	"'uidMappings':[{'containerID':0,'hostID':4294967295,'size':1}],"
	"'gidMappings':[{'containerID':0,'hostID':0,'size':1}]}],"
	"'hooks':{'prestart':[{'path':'/h','args':['h'],'env':['A=B'],'timeout':30}],"
	"'createRuntime':[],'createContainer':[],'startContainer':[],'poststart':[],"
	"'poststop':[]},'annotations':{'a':'b','A':'b'},"
	"'linux':{'uidMappings':[],'gidMappings':[],'sysctl':{'net.a':'1','NET.A':'1'},"
	"'resources':{'devices':[{'allow':false,'type':'a','major':-1,'minor':-1,"
	"'access':'rwm'}],'memory':{'limit':9223372036854775807,"
	"'reservation':-9223372036854775808,'swap':-1,'kernel':-1,'kernelTCP':-1,"
	"'swappiness':18446744073709551615,'disableOOMKiller':false,'useHierarchy':true,"
	"'checkBeforeUpdate':true},'cpu':{'shares':1,'quota':-1,'burst':1,'period':1,"
	"'realtimeRuntime':-1,'realtimePeriod':1,'cpus':'0','mems':'0','idle':-1},"
	"'pids':{'limit':-1},'blockIO':{'weight':65535,'leafWeight':65535,"
	"'weightDevice':[{'major':8,'minor':0,'weight':1,'leafWeight':1}],"
	"'throttleReadBpsDevice':[{'major':8,'minor':0,'rate':1}],"
	"'throttleWriteBpsDevice':[],'throttleReadIOPSDevice':[],"
	"'throttleWriteIOPSDevice':[]},'hugepageLimits':[{'pageSize':'2MB','limit':1}],"
	"'network':{'classID':1,'priorities':[{'name':'eth0','priority':1}]},"
	"'rdma':{'mlx5_1':{'hcaHandles':1,'hcaObjects':1}},'unified':{'memory.max':'1'}},"
	"'cgroupsPath':'/c','namespaces':[{'type':'pid','path':'/n'}],"
	"'devices':[{'path':'/dev/x','type':'c','major':1,'minor':2,'fileMode':438,"
	"'uid':0,'gid':0}],'netDevices':{'eth0':{'name':'eth1'}},"
	"'seccomp':{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':1,"
	"'architectures':['SCMP_ARCH_X86_64'],'flags':[],'listenerPath':'/l',"
	"'listenerMetadata':'m','syscalls':[{'names':['read'],'action':'SCMP_ACT_ALLOW',"
	"'errnoRet':1,'args':[{'index':0,'value':18446744073709551615,'valueTwo':0,"
	"'op':'SCMP_CMP_EQ'}]}]},'rootfsPropagation':'private','maskedPaths':['/a'],"
	"'readonlyPaths':['/b'],'mountLabel':'l','intelRdt':{'closID':'c',"
	"'schemata':['L3:0=f'],'l3CacheSchema':'s','memBwSchema':'s',"
	"'enableMonitoring':true,'enableCMT':true,'enableMBM':true},"
	"'memoryPolicy':{'mode':'MPOL_BIND','nodes':'0','flags':['MPOL_F_STATIC_NODES']},"
	"'personality':{'domain':'LINUX','flags':[]},"
	"'timeOffsets':{'boottime':{'secs':-1,'nanosecs':1}}},"
	"'solaris':{'anet':[]},'windows':{'layerFolders':[]},'vm':null,'zos':7,"
	"'freebsd':{'jail':{'Jail':{},'jail':{}}}}";

#endif
