# shellcheck shell=bash
# Images under their official names and tags. What a registry gives is taken; where there is none, a stand-in is made from Debian's
# packages and Kafka's jars (images/), and the trial's last line says so.

STAND_INS=()
MISSING=()

have_image() { docker image inspect "$1" >/dev/null 2>&1; }

# What the stand-ins are made by, as a number; and whether an image was made by something else.
recipe() { find "$HERE/images" -type f -print0 | sort -z | xargs -0 cat | sha256sum | cut -c 1-12; }
outdated() {
    local made
    made=$(docker image inspect -f '{{index .Config.Labels "recipe"}}' "$1" 2>/dev/null) || return 1
    [[ -n $made && $made != '<no value>' && $made != "$(recipe)" ]]
}

# take IMAGE RECIPE: the one of the registry, or the stand-in made by the function RECIPE.
take() {
    if have_image "$1" && ! outdated "$1"; then
        # What came from a registry has its digest there.
        [[ $(docker image inspect -f '{{len .RepoDigests}}' "$1") != 0 ]] || STAND_INS+=("$1")
    elif [[ -z ${SHOPSTREAM_TRIAL_OFFLINE:-} ]] && timeout 300 docker pull -q "$1" >/dev/null 2>&1; then
        say "pulled $1"
    elif [[ $2 == none ]]; then
        MISSING+=("$1")
    else
        say "making a stand-in for $1"
        "$2" "$1" >"$ENGINE/image.log" 2>&1 || {
            tail -n 20 "$ENGINE/image.log" >&2
            die "the stand-in for $1 could not be made: $ENGINE/image.log"
        }
        STAND_INS+=("$1")
    fi
}

build_stand_in() { # TAG CONTEXT [FLAGS...]
    local tag=$1 context=$2
    shift 2
    docker build -t "$tag" --label recipe="$(recipe)" "$@" "$context"
}

debian_image() {
    local mirror
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
    rm -rf "$ENGINE/base"
    debootstrap --variant=minbase bookworm "$ENGINE/base" "${mirror:?}"
    tar -C "$ENGINE/base" -c . | docker import --change 'CMD ["bash"]' - "$1"
    rm -rf "$ENGINE/base"
}
rust_image() {
    local root context=$ENGINE/rust
    root=$(rustc --print sysroot)
    rm -rf "$context" && mkdir -p "$context/toolchain/lib" "$context/certificates"
    cp -a "$root/bin" "$context/toolchain/"
    # Without the documentation, which is most of it.
    cp -a "$root/lib/"*.so* "$root/lib/rustlib" "$context/toolchain/lib/"
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$context/certificates/" \;
    build_stand_in "$1" "$context" -f "$HERE/images/rust/Dockerfile"
    rm -rf "$context"
}
kafka_image() {
    "$ROOT/deploy/local/services" install kafka
    rm -rf "$ENGINE/kafka" && mkdir -p "$ENGINE/kafka"
    cp -a "$HERE/images/kafka/." "$ENGINE/kafka/"
    cp -a "$ROOT/.local/kafka/libs" "$ENGINE/kafka/"
    build_stand_in "$1" "$ENGINE/kafka"
    rm -rf "$ENGINE/kafka"
}
postgres_image() { build_stand_in "$1" "$HERE/images/postgres"; }
redis_image() { build_stand_in "$1" "$HERE/images/redis"; }
adminer_image() { build_stand_in "$1" "$HERE/images/adminer"; }
prometheus_image() { build_stand_in "$1" "$HERE/images/prometheus"; }
