#!/usr/bin/env bash
# One Kafka broker that asks who everybody is and has rules about who may do what, for one test: users admin (may do all) and
# others (may do what they are given), each with its name as password.
#
#   broker.sh FOLDER PORT           runs until its standard input ends; the controller listens on the port above
#
# shellcheck source-path=SCRIPTDIR/../../deploy/local
set -euo pipefail
folder=$1 port=$2

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../deploy/local" && pwd -P)
# shellcheck source=lib.sh
source "$HERE/lib.sh"
# shellcheck source=settings.sh
source "$HERE/settings.sh"
# shellcheck source=kafka.sh
source "$HERE/kafka.sh"

# Ctrl-C is meant for the tests; this ends when they do.
trap '' INT TERM HUP
java=$(find_java)
cd "$folder"
login=org.apache.kafka.common.security.plain.PlainLoginModule
users=$(printf ' user_%s="%s"' admin admin shop shop seer seer member member lone lone reader reader maker maker)
cat >server.properties <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
controller.listener.names=CONTROLLER
listeners=GUARDED://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=GUARDED://127.0.0.1:$port
listener.security.protocol.map=GUARDED:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=GUARDED
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.guarded.plain.sasl.jaas.config=$login required username="admin" password="admin"$users;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.dirs=data
END
cat >admin.properties <<END
security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
sasl.jaas.config=$login required username="admin" password="admin";
END
"$java" -cp "$KAFKA_LIBS/*" -Xmx256m kafka.tools.StorageTool format -t sc9kq1XhQx6nq2zO0VbT3g -c server.properties >console.log 2>&1
"$java" -cp "$KAFKA_LIBS/*" -Xms128m -Xmx512m kafka.Kafka server.properties >>console.log 2>&1 </dev/null &
broker=$!
read -r _ || true
kill -KILL "$broker"
