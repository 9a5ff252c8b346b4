# shellcheck shell=bash
# The cluster of the trial, and what an operator asks it. Everything names the context: the one that `kubectl` points at by itself is
# nobody's business here.

kube() { kubectl --context "$CONTEXT" --namespace "$NS" "$@"; }
# What belongs to no namespace.
anywhere() { kubectl --context "$CONTEXT" "$@"; }

# The manifests of an overlay, in the trial's own namespace and with the image that was asked for. Names of volumes, which belong to no
# namespace, and their folders are named after it too.
render() { # OVERLAY
    kubectl kustomize "$ROOT/deploy/kubernetes/overlays/$1" |
        sed -e "s|shopstream-local|$NS|g" -e "s|image: shopstream:local|image: $IMAGE|"
}

# The objects of a file of manifests as JSON, one after the other.
objects() { kube create --dry-run=client --validate=false -o json -f "$1" | jq 'if .kind == "List" then .items[] else . end'; }

has_default_class() {
    anywhere get storageclass -o json |
        jq -e 'any(.items[]; .metadata.annotations["storageclass.kubernetes.io/is-default-class"] == "true")' >/dev/null
}
nodes() { anywhere get nodes -o json | jq '.items | length'; }

WORKERS=(cache-worker redis-monitor producer user-seeder grade-updater user-consumer product-consumer order-consumer)

# Whether every pod of a Deployment or StatefulSet is there, ready, and of the newest kind.
settled() { # KIND/NAME...
    local object
    for object in "$@"; do
        kube get "$object" -o json | jq -e '.spec.replicas == (.status.readyReplicas // 0)
            and .spec.replicas == (.status.replicas // 0) and .spec.replicas == (.status.updatedReplicas // 0)
            and .metadata.generation == .status.observedGeneration' >/dev/null || return 1
    done
}
all_settled() { settled "${WORKERS[@]/#/deployment/}" statefulset/postgres statefulset/redis statefulset/kafka; }

# How a pod of one of these ended, and why, in words; for when something did not become ready.
trouble() {
    kube get pods -o wide >&2
    kube get events --sort-by=.lastTimestamp 2>/dev/null | tail -n 25 >&2
}

sql() { kube exec postgres-0 -c postgres -- psql -U shopstream -d shopstream -tAqc "$1"; }
orders() { sql 'SELECT count(*) FROM orders WHERE run_id IS NULL'; }
more_orders_than() { (($(orders) > $1)); }

# Its arguments as a JSON array; jq itself would take those that begin with a hyphen for its own.
words() { printf '%s\n' "$@" | jq -R . | jq -s .; }

# shop_job NAME ARGUMENT...: the program once, in a pod like that of `init`.
shop_job() {
    local name=$1
    shift
    # shellcheck disable=SC2016  # jq's own variables
    jq --arg name "$name" --argjson args "$(words "$@")" '.metadata.name = $name | .spec.backoffLimit = 0 | .spec.template.spec.restartPolicy = "Never"
        | del(.spec.ttlSecondsAfterFinished) | .spec.template.metadata.labels["app.kubernetes.io/name"] = $name
        | .spec.template.spec.containers[0].args = $args' "$WORK/init.json" | kube apply -f - >/dev/null
}

job_state() { kube get "job/$1" -o json | jq -r 'first(.status.conditions[]? | select(.status == "True" and (.type == "Complete" or .type == "Failed")) | .type) // "active"'; }
job_ended() { [[ $(job_state "$1") != active ]]; }
job_done() { # NAME SECONDS: whether it ended well
    wait_until "$2" job_ended "$1" && [[ $(job_state "$1") == Complete ]]
}

# Everything that was produced is stored, once and unaltered: the program's own judgement, in a pod.
AUDITS=0
audit() {
    local name=audit-$((AUDITS += 1)) status=0
    shop_job "$name" verify --wait 3m
    job_done "$name" 400 || status=1
    kube logs "job/$name" | sed 's/^/      /'
    return "$status"
}

# helper COMMAND...: in a pod that has a shell and the dataset, for what the program's image cannot do.
helper() {
    kube get pod/helper >/dev/null 2>&1 || {
        kube apply -f - >/dev/null <<EOF
apiVersion: v1
kind: Pod
metadata: { name: helper }
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  containers:
    - name: helper
      image: postgres:15.18
      command: [ sleep, infinity ]
      volumeMounts: [ { name: dataset, mountPath: /dataset } ]
  volumes: [ { name: dataset, persistentVolumeClaim: { claimName: dataset } } ]
EOF
        kube wait --for=condition=Ready pod/helper --timeout=120s >/dev/null
    }
    kube exec helper -- "$@"
}
