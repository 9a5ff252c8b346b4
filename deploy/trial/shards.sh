# shellcheck shell=bash
# The Indexed Job: four shards in pods of their own, and whether their files make one dataset.

DATASET=/dataset/2025
TABLES=(users products orders order_items grade_changes)

shards() {
    local begin=$SECONDS
    title "a year in four shards"
    render local/backfill >"$WORK/backfill.yaml"
    kube apply -f "$WORK/backfill.yaml" >/dev/null
    check "the job is complete" job_done backfill 600
    echo "      after $((SECONDS - begin)) s"
    check "indexes 0 to 3 are done" test "$(kube get job/backfill -o jsonpath='{.status.completedIndexes}')" = 0-3
    kube get pods -l app.kubernetes.io/name=backfill
    helper ls -l "$DATASET"
    union
}

union() {
    local manifests table rows sizes
    manifests=$(helper sh -c "cat $DATASET/manifest-*-of-4.json" | jq -s .)
    check "four manifests name the shards 1/4 to 4/4" test "$(jq -r '[.[].parameters.shard] | sort | join(" ")' <<<"$manifests")" = "1/4 2/4 3/4 4/4"
    check "each has a run of its own" test "$(jq '[.[].parameters.run_id] | unique | length' <<<"$manifests")" = 4
    check "every file is what its manifest says, to the byte" checksums "$manifests"
    # The job's own manifest says how many.
    sizes=$(kube get job/backfill -o json | jq -r '.spec.template.spec.containers[0].args[] | select(startswith("--orders=")) | ltrimstr("--orders=") | gsub("_"; "")')
    for table in "${TABLES[@]}"; do
        rows=$(jq --arg table "$table" '[.[].files[] | select(.table == $table) | .rows] | add' <<<"$manifests")
        printf '      %-14s %9d rows in four files\n' "$table" "$rows"
    done
    rows=$(jq '[.[].files[] | select(.table == "orders") | .rows] | add' <<<"$manifests")
    check "they hold 4 × $sizes orders" test "$rows" = $((4 * sizes))
    dataset_job read-all -q report --from "$DATASET" --out /dataset/report.html --json
    check "report reads all shards as one shop" job_done read-all 200
    kube logs job/read-all -c shopstream | sed 's/^/      /'
    check "and counts the same orders" test "$(kube logs job/read-all -c shopstream | jq '.orders')" = "$rows"
    distinct
}

checksums() {
    jq -r '.[].files[] | "\(.sha256)  \(.name)"' <<<"$1" | kube exec -i helper -- sh -c "cd $DATASET && sha256sum --check --strict --quiet"
}

# The same job as text, a tenth as large, because `sort` can read that: no id may come from two shards.
distinct() {
    local table
    sed -e 's/name: backfill$/name: backfill-text/' -e 's/--to=parquet/--to=csv/' -e "s|--out=$DATASET|--out=/dataset/text|" \
        -e 's/--orders=.*/--orders=25_000/' "$WORK/backfill.yaml" | kube apply -f - >/dev/null
    check "the same as CSV" job_done backfill-text 400
    for table in users products orders; do
        check "no id of $table is in two shards" one_each "$table" 1
    done
    check "no line of an order is in two shards" one_each order_items 1,2
}
one_each() { # TABLE COLUMNS
    local all different
    helper sh -c "cd /dataset/text && tail -q -n +2 $1-*-of-4.csv | cut -d, -f$2 | sort >/tmp/sorted"
    all=$(helper sh -c 'wc -l </tmp/sorted') different=$(helper sh -c 'uniq /tmp/sorted | wc -l')
    echo "      $1: $all rows, $different different"
    ((all > 0 && all == different))
}

# The program once, with the dataset and nothing else.
dataset_job() {
    local name=$1
    shift
    # shellcheck disable=SC2016  # jq's own variables
    objects "$WORK/backfill.yaml" | jq --arg name "$name" --argjson args "$(words "$@")" 'select(.kind == "Job")
        | .metadata.name = $name | .spec |= {backoffLimit: 0, template}
        | .spec.template.spec.restartPolicy = "Never" | .spec.template.metadata.labels["app.kubernetes.io/name"] = $name
        | .spec.template.spec.containers[0].args = $args' | kube apply -f - >/dev/null
}
