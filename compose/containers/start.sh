#!/bin/bash
# start.sh NAME: fills in the ports of this stack, and becomes the server NAME.
#
# A server without data gets an empty file system first. It is made in another folder, which is
# then renamed: so it is never incomplete.
set -eu
shopt -s globstar
name=$1
conf=/tmp/questlog

# Copies a file of the configuration; ${QUESTLOG_…_PORT} becomes the value of that variable.
fill() {
  local text variable
  text=$(<"$1")
  for variable in "${!QUESTLOG_@}"; do text=${text//"\${$variable}"/${!variable}}; done
  if [[ $text == *'${QUESTLOG_'* ]]; then
    echo "$1: expected each QUESTLOG_…_PORT in the environment, got no value for one" >&2
    exit 1
  fi
  printf '%s\n' "$text" >"$2"
}

mkdir -p "$conf"
cd /opt/questlog/run/conf
for path in **; do
  if [ -d "$path" ]; then mkdir -p "$conf/$path"; else fill "$path" "$conf/$path"; fi
done
cd /data

export HADOOP_USER_NAME=questlog METASTORE_CONF_DIR=$conf/hive
if [ -e "$conf/$name-format.args" ] && [ ! -e "/data/$name" ]; then
  rm -rf "/data/$name.new"
  java "@$conf/$name-format.args"
  mv "/data/$name.new" "/data/$name"
fi
# shellcheck disable=SC2086 # several arguments
exec java "@$conf/$name.args" ${QUESTLOG_ARGUMENTS:-}
