/* SPDX-License-Identifier: Apache-2.0 */
#include "line/recorder.h"

#include "audit/audit.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "line/recorder_place.h"
#include "line/supervise.h"
#include "line/watch.h"
#include "seccomp/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#define TURN_MS	 1000
#define FRESH_MS 3000 /* how old the file may be when something new was seen */

struct recorder {
	struct recorder_place place;
	struct supervise supervise;
	struct seccomp_filter *filter;
	struct recording *recording;
	int creator; /* pidfd */
	bool fresh;  /* something was seen that is not in the file */
	long written;
};

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- The recorder's own life ------------------------------------------------------------------ */

static const struct seccomp_filter *filter_of(void *data, struct hr_error *err)
{
	const struct recorder *recorder = data;

	(void)err;
	return recorder->filter;
}

/* Calls without a name cannot be in a profile. */
static void seen(const struct supervise_seen *seen, void *data)
{
	struct recorder *recorder = data;

	if (strchr(seen->name, ' '))
		return;
	recording_add(recorder->recording, seen->name, seen->call->args, seen->judgement,
		      seen->process->name, seen->process->runtime);
	recorder->fresh = true;
}

/* A disk that is full now may not be so the next time. */
static void write_down(struct recorder *recorder)
{
	text_auto struct text text = {0};
	struct hr_error ignored = {.code = HR_OK};

	recorder->written = now_ms();
	if (recording_write(recorder->recording, &text, &ignored) == 0)
		recorder->fresh =
			file_replace_at(recorder->place.recordings, recorder->place.recording,
					text.data, text.len, 0600, 0, 0, &ignored) != 0;
}

/* The container may have been started and have ended before we looked, so the creator's end says
 * something only when nobody waits to be heard. */
static bool is_useless(struct recorder *recorder, const struct pollfd *creator)
{
	const struct supervise *supervise = &recorder->supervise;
	struct pollfd waiting = {.fd = supervise->socket, .events = POLLIN};

	return creator->revents && !supervise->came_once && !supervise->peer_count &&
	       poll(&waiting, 1, 0) == 0;
}

/* True if a listener came. */
static bool live(struct recorder *recorder)
{
	struct pollfd creator = {.fd = recorder->creator, .events = POLLIN};
	struct hr_error ignored = {.code = HR_OK};

	while (!supervise_over(&recorder->supervise)) {
		/* Once it is gone, and a start is waited for, it need not wake us again and again.
		 */
		struct pollfd *others = creator.revents ? NULL : &creator;

		(void)supervise_step(&recorder->supervise, others, others ? 1 : 0, TURN_MS,
				     &ignored);
		if (is_useless(recorder, &creator))
			return false;
		if (recorder->fresh && now_ms() - recorder->written >= FRESH_MS)
			write_down(recorder);
	}
	return true;
}

/* Who wants to end us ends the container: without answers it cannot work. */
static void ignore_signals(void)
{
	static const int signals[] = {SIGHUP,  SIGINT,	SIGTERM, SIGQUIT,
				      SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM};

	const struct sigaction ignored = {.sa_handler = SIG_IGN};

	for (size_t i = 0; i < hr_count(signals); i++)
		(void)sigaction(signals[i], &ignored, NULL);
	(void)prctl(PR_SET_NAME, "hardrun-learn");
}

static void record(void *data)
{
	struct recorder *recorder = data;
	char now[AUDIT_TIME];

	ignore_signals();
	if (live(recorder)) {
		recording_say(recorder->recording, "ended", audit_now(now));
		recording_complete(recorder->recording, recorder->supervise.lost == 0);
		write_down(recorder);
	} else {
		/* There never was a container. */
		unlinkat(recorder->place.recordings, recorder->place.recording, 0);
	}
	recorder_place_clear(&recorder->place);
}

/* --- Starting it ------------------------------------------------------------------------------ */

static void say(struct recording *recording, const char *key, const char *text)
{
	if (text && text[0])
		recording_say(recording, key, text);
}

static int begin(const struct call *call, struct recorder *recorder, struct hr_error *err)
{
	const char *base = json_string(json_get(call->profile, "seccomp"), "profile");
	const char *version = json_string(call->facts ? json_root(call->facts) : NULL, "version");
	const struct identity *identity = &call->identity;
	char now[AUDIT_TIME];

	recorder->recording = recording_new(base ? base : "default");
	if (!recorder->recording)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	say(recorder->recording, "id", call->request->id);
	say(recorder->recording, "image", identity->image);
	say(recorder->recording, "namespace", identity->pod_namespace);
	say(recorder->recording, "pod", identity->pod);
	say(recorder->recording, "container", identity->container);
	say(recorder->recording, "profile", call->selection.profile);
	say(recorder->recording, "runtime", version ? version : call->runtime.path);
	say(recorder->recording, "started", audit_now(now));
	recording_complete(recorder->recording, false);
	write_down(recorder);
	return 0;
}

/* Descriptors of ours may be 0, 1 or 2 where the caller has closed these. */
static int above_stdio(int fd)
{
	int raised = fd < 0 || fd > 2 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (raised != fd)
		close(fd);
	return raised;
}

static int start(struct call *call, struct recorder *recorder, struct hr_error *err)
{
	const struct recorder_place *place = &recorder->place;
	struct supervise *supervise = &recorder->supervise;
	int kept[] = {-1, -1, place->directory, place->recordings, place->lock};

	if (watch_listen(place->socket_path, &supervise->socket, err) < 0 ||
	    line_watch(call->document, SECCOMP_WATCH_ALL, NULL, place->socket_path,
		       &recorder->filter, err) < 0 ||
	    begin(call, recorder, err) < 0)
		return -1;
	recorder->creator = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (recorder->creator < 0)
		return hr_fail_errno(err, errno, "pidfd_open");
	kept[0] = supervise->socket = above_stdio(supervise->socket);
	kept[1] = recorder->creator = above_stdio(recorder->creator);
	return child_leave(record, recorder, kept, hr_count(kept), err);
}

int recorder_start(struct call *call, struct hr_error *err)
{
	hr_autofree struct recorder *recorder = calloc(1, sizeof(*recorder));
	int result;

	if (!line_watchable(&call->runtime, call->facts ? json_root(call->facts) : NULL, err))
		return -1;
	if (!recorder)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	*recorder = (struct recorder){
		.supervise = {.socket = -1, .filter = filter_of, .seen = seen, .data = recorder},
		.creator = -1,
	};
	if (recorder_place_take(call->statedir, HR_LEARNDIR, call->request->id, &recorder->place,
				err) < 0)
		return hr_context(err, "seccomp.learn");
	result = start(call, recorder, err);
	if (result < 0)
		recorder_place_clear(&recorder->place);
	hr_cleanup_close(&recorder->supervise.socket);
	hr_cleanup_close(&recorder->creator);
	recorder_place_done(&recorder->place);
	recording_free(recorder->recording);
	seccomp_filter_free(recorder->filter);
	return result < 0 ? hr_context(err, "seccomp.learn") : 0;
}

void recorder_stop(struct call *call)
{
	recorder_place_forget(call->statedir, call->request->id);
}

bool recorder_runs(const char *statedir, const char *id)
{
	return recorder_place_taken(statedir, id);
}
