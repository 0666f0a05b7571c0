# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As the rabbitmq image: the entrypoint gives the data to rabbitmq and steps down.

surroundings() {
	export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-setcookie workload'
	export RABBITMQ_NODENAME=rabbit@localhost RABBITMQ_MNESIA_BASE=/tmp/rabbit/base \
		RABBITMQ_LOG_BASE=/tmp/rabbit/log RABBITMQ_LOGS=- RABBITMQ_PID_FILE=/tmp/rabbit/pid \
		RABBITMQ_ENABLED_PLUGINS_FILE=/tmp/rabbit/plugins RABBITMQ_CONF_ENV_FILE=/dev/null \
		RABBITMQ_GENERATED_CONFIG_DIR=/tmp/rabbit/config RABBITMQ_FEATURE_FLAGS_FILE=/tmp/rabbit/flags
}

start() {
	surroundings
	mkdir -p /tmp/rabbit
	echo '[].' >/tmp/rabbit/plugins
	if [ "$(id -u)" = 0 ]; then
		chown -R rabbitmq: /tmp/rabbit
		set -- gosu rabbitmq
	fi
	exec "$@" "$(echo /usr/lib/rabbitmq/lib/rabbitmq_server-*)/sbin/rabbitmq-server"
}

check() {
	surroundings
	until_true listens 5672 || return
	printf 'AMQP\0\0\11\1' | talk 5672 | { head -c 11 && cat >/dev/null; } | od -An -tx1
	if [ "$(id -u)" = 0 ]; then set -- setpriv --reuid rabbitmq --regid rabbitmq --init-groups; fi
	"$@" erl -noinput -setcookie workload -sname check@localhost -eval '
		Node = rabbit@localhost,
		pong = net_adm:ping(Node),
		ok = rpc:call(Node, rabbit, await_startup, []),
		Call = fun(M, F, A) -> rpc:call(Node, M, F, A) end,
		Name = Call(rabbit_misc, r, [<<"/">>, queue, <<"served">>]),
		{_, _} = Call(rabbit_amqqueue, declare, [Name, true, false, [], none, <<"check">>]),
		io:format("~p~n", [[element(4, Q) || Q <- Call(rabbit_amqqueue, list_names, [])]]),
		ok = Call(rabbit_vhost, add, [<<"other">>, <<"check">>]),
		io:format("~p~n", [lists:sort(Call(rabbit_vhost, list_names, []))]),
		io:format("~p~n", [length(Call(rabbit_exchange, list, [<<"other">>]))]),
		halt().'
	echo "runs as $(stat -c %U /proc/1)"
}
