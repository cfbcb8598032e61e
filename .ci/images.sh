#!/usr/bin/env bash
# Images below those of the servers, for a machine that reaches no registry of images:
# questlog-test-debian:12 of Debian's packages, and questlog-test-java:25 with the Java of the processes.
set -euo pipefail
cd "$(dirname "$0")/.."

has() { docker image inspect "$1" >/dev/null 2>&1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! has questlog-test-debian:12; then
  packages=base-files,base-passwd,bash,coreutils,dash,grep,passwd,libc-bin,zlib1g,libstdc++6,sed,mawk
  # Without the packages' own scripts: these would make users and links, as the hook does.
  mmdebstrap --quiet --variant=extract --include=$packages \
    --customize-hook='cp "$1/usr/share/base-passwd/passwd.master" "$1/etc/passwd"' \
    --customize-hook='cp "$1/usr/share/base-passwd/group.master" "$1/etc/group"' \
    --customize-hook='ln -sf bash "$1/bin/sh"' \
    bookworm "$folder/base.tar" >/dev/null
  docker import "$folder/base.tar" questlog-test-debian:12 >/dev/null
fi

if ! has questlog-test-java:25; then
  java=$(node --input-type=module --eval '
    import { prepareArtifacts } from "./lib/services/artifacts.ts";
    console.log((await prepareArtifacts(console.error)).java);')
  mkdir "$folder/java"
  cp -a "$(dirname "$(dirname "$(readlink -f "$(command -v "$java")")")")" "$folder/java/runtime"
  cat >"$folder/java/Dockerfile" <<'DOCKERFILE'
FROM questlog-test-debian:12
COPY runtime /opt/java
ENV JAVA_HOME=/opt/java PATH=/opt/java/bin:/usr/sbin:/usr/bin:/sbin:/bin
DOCKERFILE
  docker build --quiet --network none --tag questlog-test-java:25 "$folder/java" >/dev/null
fi
