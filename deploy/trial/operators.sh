# shellcheck shell=bash
# What needs the operators: the server's judgement of overlays/production, and KEDA at work.

INSTALLED=()

# has_kind GROUP/VERSION KIND: whether the server knows it.
has_kind() {
    anywhere get --raw "/apis/$1" 2>/dev/null | jq -e --arg kind "$2" 'any(.resources[]; .kind == $kind)' >/dev/null
}

# Custom resource definitions belong to the whole cluster: those that are there are left alone, the rest goes again at the end.
crds_in() {
    local file name
    for file in "$CRDS"/*.yaml; do
        name=$(kubectl create --dry-run=client -o name -f "$file" | grep '^customresourcedefinition') || continue
        anywhere get "$name" >/dev/null 2>&1 && continue
        anywhere apply --server-side -f "$file" >/dev/null && INSTALLED+=("$name")
    done
    # One that is a moment old has no conditions yet, which `wait` takes for an error.
    ((${#INSTALLED[@]} == 0)) || wait_until 60 established || die "the definitions of $CRDS were not established within a minute"
}
established() { anywhere wait --for=condition=Established --timeout=1s "${INSTALLED[@]}" >/dev/null 2>&1; }
crds_away() { ((${#INSTALLED[@]} == 0)) || anywhere delete "${INSTALLED[@]}" >/dev/null 2>&1 || true; }

# split FOLDER: the objects of standard input as files of their own, in the namespace of the trial.
split() {
    mkdir -p "$1"
    sed "s/namespace: shopstream\$/namespace: $NS/" |
        awk -v folder="$1" 'BEGIN { RS = "---\n" } { printf "%s", $0 > (folder "/" NR ".yaml") }'
}

# The overlay as it is, and what its components add to it.
render_production() {
    local overlay=$WORK/manifests/overlays/production
    kubectl kustomize "$ROOT/deploy/kubernetes/overlays/production" | split "$WORK/production"
    cp -r "$ROOT/deploy/kubernetes" "$WORK/manifests"
    sed -i '/^components:/a\  - ../../components/grades-cronjob\n  - ../../components/prometheus-operator' "$overlay/kustomization.yaml"
    kubectl kustomize "$overlay" | split "$WORK/added"
    grep -LE '^kind: (CronJob|PodMonitor|PrometheusRule)$' "$WORK"/added/*.yaml | xargs rm
}

# Each object by itself: what the server does not know must not keep it from judging the rest.
validate_production() {
    local file kind version name judged=()
    title "overlays/production before the server"
    [[ -z $CRDS ]] || crds_in
    render_production
    for file in "$WORK"/production/*.yaml "$WORK"/added/*.yaml; do
        kind=$(sed -n 's/^kind: //p' "$file") version=$(sed -n 's/^apiVersion: //p' "$file")
        name=$(sed -n '/^metadata:/,/^[^ m]/ s/^  name: //p' "$file")
        if [[ $kind == Namespace ]]; then
            continue # the trial has one
        elif [[ $version == */* ]] && ! has_kind "$version" "$kind"; then
            LEFT_OUT+=("$kind $name (no definition of $version)")
        elif kube create --dry-run=server --validate=strict -f "$file" >"$WORK/said" 2>&1 || grep -q AlreadyExists "$WORK/said"; then
            judged+=("$kind")
        else
            fail "the server refuses $kind $name: $(cat "$WORK/said")"
        fi
    done
    pass "the server takes ${#judged[@]} objects: $(printf '%s\n' "${judged[@]}" | sort | uniq -c | awk '{ printf "%s%s %s", comma, $1, $2; comma = ", " }')"
    check "with the CronJob, nothing of PostgreSQL's password is asked of the Secret" refused grep -rq POSTGRES_PASSWORD "$WORK/production" "$WORK/added"
}

keda_runs() {
    anywhere get deployment -A -l app.kubernetes.io/name=keda-operator -o json | jq -e 'any(.items[]; .status.readyReplicas >= 1)' >/dev/null
}

# The order consumers as overlays/production scales them, with the local brokers, fewer messages and shorter spans.
scale_by_lag() {
    local watcher
    title "KEDA scales the order consumers on lag"
    keda_runs || {
        echo "KEDA does not run here: left out"
        LEFT_OUT+=("KEDA at work")
        return
    }
    kube scale deployment/order-consumer --replicas=1 >/dev/null
    check_within 120 "one order consumer" settled deployment/order-consumer
    objects "$(grep -l '^kind: ScaledObject' "$WORK"/production/*.yaml | xargs grep -l '^  name: order-consumer')" | jq --arg brokers "kafka-0.kafka.$NS.svc:19092" --arg namespace "$NS" '.metadata.namespace = $namespace | .spec.minReplicaCount = 1 | .spec.maxReplicaCount = 3 | .spec.pollingInterval = 5
            | .spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown
                = {stabilizationWindowSeconds: 30, policies: [{type: "Pods", value: 1, periodSeconds: 15}]}
            | del(.spec.triggers[0].authenticationRef, .spec.triggers[0].metadata.sasl, .spec.triggers[0].metadata.tls)
            | .spec.triggers[0].metadata.bootstrapServers = $brokers' | kube apply -f - >/dev/null
    check_within 60 "the ScaledObject is ready" scaled_object_is Ready True
    shop_job load-3 produce --unthrottled --limit 400_000
    watch_scaling &
    watcher=$!
    check_within 300 "lag made three order consumers" replicas_are 3
    check "the load ended with 0" job_done load-3 400
    check_within 600 "and no lag one again" replicas_are 1
    kill "$watcher" 2>/dev/null || true
    kube get events --field-selector reason=SuccessfulRescale -o json |
        jq -r '.items | sort_by(.lastTimestamp)[] | "      \(.lastTimestamp) \(.message)"'
    kube delete scaledobject/order-consumer >/dev/null
    check "audit after scaling by lag" audit
}
scaled_object_is() { kube get scaledobject/order-consumer -o json | jq -e --arg type "$1" --arg is "$2" 'any(.status.conditions[]?; .type == $type and .status == $is)' >/dev/null; }
replicas_are() { [[ $(kube get deployment/order-consumer -o jsonpath='{.spec.replicas}') == "$1" ]]; }
# A line whenever something has changed.
watch_scaling() {
    local line before=
    while :; do
        line=$(kube get hpa/keda-hpa-order-consumer -o json 2>/dev/null |
            jq -r '"\(.status.currentReplicas // 0) consumers, lag by consumer \(.status.currentMetrics[0].external.current.averageValue // "unknown"), wanted \(.status.desiredReplicas // 0)"') || true
        [[ $line == "$before" ]] || printf '      %4d s  %s\n' "$((SECONDS - BEGIN))" "$line"
        before=$line
        sleep 3
    done
}
