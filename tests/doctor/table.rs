//! Every finding that is not "ok", and the test that breaks a service so that it is found. Where nothing real can be broken so, it
//! says why.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::table::Way::{By, Not};

/// How a finding is provoked.
enum Way {
    /// By these tests, each of which asks for it by name.
    By(&'static [&'static str]),
    /// Not at all, for this reason; a test beside the rule stands in where there is one.
    Not(&'static str),
}

const ONE_VERSION: &str = "one version of each server is installed here; the rule's own test reads others' words";
const ONE_CLOCK: &str = "a Redis under libfaketime did not answer; the rule is PostgreSQL's, whose clock is set wrong";
const NO_FAULT: &str =
    "it tells of a mistake of this program's own, or of a server that answers one question and not the next";

/// Service, name and level of each finding.
#[rustfmt::skip]
const FINDINGS: &[(&str, &str, &str, Way)] = &[
    ("machine", "working_folder", "warning", By(&["a_disk_with_little_room_is_a_warning_and_a_full_one_a_problem"])),
    ("machine", "working_folder", "problem", By(&["a_disk_with_little_room_is_a_warning_and_a_full_one_a_problem", "a_working_folder_that_was_removed_is_told"])),
    ("machine", "temporary_folder", "warning", By(&["a_disk_with_little_room_is_a_warning_and_a_full_one_a_problem"])),
    ("machine", "temporary_folder", "problem", By(&["the_room_in_both_folders_is_told"])),
    ("machine", "rust_log", "note", By(&["a_rust_log_that_cannot_be_read_is_a_problem"])),
    ("machine", "rust_log", "problem", By(&["a_rust_log_that_cannot_be_read_is_a_problem"])),
    ("any", "in_time", "problem", By(&["a_server_that_answers_too_slowly_to_be_examined_in_time_is_told_with_what_is_known"])),
    ("any", "complete", "problem", Not(NO_FAULT)),
    ("any", "configured", "note", By(&["a_program_without_any_service_is_well"])),
    ("postgresql", "reachable", "problem", By(&["ports_that_accept_and_say_nothing_do_not_hang_it", "a_wrong_password_and_a_missing_database_are_told_apart_and_nothing_is_repeated"])),
    ("postgresql", "version", "warning", Not(ONE_VERSION)),
    ("postgresql", "version", "problem", Not(ONE_VERSION)),
    ("postgresql", "writable", "problem", By(&["read_only_transactions_are_found", "a_postgresql_whose_clock_is_wrong_whose_places_run_out_and_that_becomes_a_standby_is_found_out"])),
    ("postgresql", "connections", "warning", By(&["a_postgresql_whose_clock_is_wrong_whose_places_run_out_and_that_becomes_a_standby_is_found_out"])),
    ("postgresql", "clock", "warning", By(&["a_postgresql_whose_clock_is_wrong_whose_places_run_out_and_that_becomes_a_standby_is_found_out"])),
    ("postgresql", "clock", "problem", By(&["a_postgresql_whose_clock_is_wrong_whose_places_run_out_and_that_becomes_a_standby_is_found_out"])),
    ("postgresql", "oldest_transaction", "warning", By(&["a_postgresql_whose_clock_is_wrong_whose_places_run_out_and_that_becomes_a_standby_is_found_out"])),
    ("postgresql", "schema", "problem", By(&["a_schema_that_is_not_there_is_found"])),
    ("postgresql", "migrations", "problem", By(&["a_database_without_tables_is_told_apart_from_one_that_is_behind_and_one_that_is_ahead"])),
    ("postgresql", "privileges", "note", By(&["temporary_tables_and_schemas_that_are_forbidden_are_found"])),
    ("postgresql", "privileges", "warning", By(&["a_table_that_somebody_has_locked_does_not_hold_the_doctor_up"])),
    ("postgresql", "privileges", "problem", By(&["each_missing_privilege_is_found_by_trying_it", "row_security_is_found_by_trying_to_copy", "a_right_to_make_tables_is_wanted_only_while_some_are_missing", "temporary_tables_and_schemas_that_are_forbidden_are_found"])),
    ("postgresql", "contents", "warning", By(&["a_table_that_somebody_has_locked_does_not_hold_the_doctor_up"])),
    ("postgresql", "population", "warning", By(&["tables_without_customers_are_told"])),
    ("postgresql", "backfill", "note", By(&["a_backfill_that_did_not_finish_is_told_apart_from_one_at_work"])),
    ("postgresql", "backfill", "warning", By(&["a_backfill_that_did_not_finish_is_told_apart_from_one_at_work"])),
    ("postgresql", "expired", "warning", By(&["messages_that_left_unread_and_orders_that_wait_are_counted_by_topic"])),
    ("postgresql", "parked_orders", "note", By(&["messages_that_left_unread_and_orders_that_wait_are_counted_by_topic", "orders_whose_customer_does_not_come_are_told_with_what_ends_their_wait"])),
    ("postgresql", "bench", "warning", By(&["what_a_killed_bench_leaves_is_told_by_the_doctor_and_removed_by_the_next"])),
    ("redis", "reachable", "problem", By(&["ports_that_accept_and_say_nothing_do_not_hang_it", "a_user_who_may_not_write_is_found_by_trying", "a_url_that_is_none_of_redis_is_told"])),
    ("redis", "server", "problem", By(&["a_replica_is_told_with_the_name_of_its_primary"])),
    ("redis", "version", "note", By(&["a_user_who_may_not_write_is_found_by_trying"])),
    ("redis", "version", "warning", Not(ONE_VERSION)),
    ("redis", "writable", "problem", By(&["a_replica_is_told_with_the_name_of_its_primary"])),
    ("redis", "eviction", "note", By(&["a_redis_that_could_evict_the_pool_or_is_full_is_found"])),
    ("redis", "eviction", "warning", By(&["a_redis_that_could_evict_the_pool_or_is_full_is_found"])),
    ("redis", "memory", "warning", By(&["a_redis_that_could_evict_the_pool_or_is_full_is_found"])),
    ("redis", "memory", "problem", By(&["a_redis_that_could_evict_the_pool_or_is_full_is_found"])),
    ("redis", "clock", "warning", Not(ONE_CLOCK)),
    ("redis", "clock", "problem", Not(ONE_CLOCK)),
    ("redis", "privileges", "note", By(&["a_user_who_may_not_write_is_found_by_trying"])),
    ("redis", "privileges", "problem", By(&["a_user_who_may_not_write_is_found_by_trying"])),
    ("redis", "pool", "note", By(&["a_pool_is_old_when_its_worker_has_stopped"])),
    ("redis", "pool", "warning", By(&["a_pool_is_old_when_its_worker_has_stopped"])),
    ("redis", "pool", "problem", By(&["a_cache_without_a_pool_is_a_problem", "a_key_that_is_no_pool_is_told_and_the_rest_is_still_looked_at"])),
    ("redis", "scenario", "note", By(&["a_scenario_switched_on_by_hand_is_told_with_its_end"])),
    ("kafka", "reachable", "problem", By(&["ports_that_accept_and_say_nothing_do_not_hang_it", "each_right_that_a_user_lacks_is_found_by_trying_and_no_message_is_left"])),
    ("kafka", "broker", "warning", By(&["one_silent_broker_among_others_is_named"])),
    ("kafka", "broker", "problem", By(&["a_doctor_names_the_broker_that_was_killed", "a_broker_that_hangs_is_one_problem_and_what_it_alone_could_tell_is_said_once"])),
    ("kafka", "unanswered", "warning", By(&["a_broker_that_hangs_is_one_problem_and_what_it_alone_could_tell_is_said_once"])),
    ("kafka", "version", "note", By(&["each_right_that_a_user_lacks_is_found_by_trying_and_no_message_is_left"])),
    ("kafka", "topics", "problem", Not(NO_FAULT)),
    ("kafka", "topic", "warning", By(&["settings_that_drifted_are_told_with_the_command_that_sets_them_back", "topics_with_too_few_partitions_are_told", "a_doctor_names_the_broker_that_was_killed"])),
    ("kafka", "topic", "problem", By(&["a_topic_that_is_missing_is_a_problem", "a_doctor_names_the_broker_that_was_killed"])),
    ("kafka", "privileges", "note", By(&["each_right_that_a_user_lacks_is_found_by_trying_and_no_message_is_left"])),
    ("kafka", "privileges", "warning", Not(NO_FAULT)),
    ("kafka", "privileges", "problem", By(&["each_right_that_a_user_lacks_is_found_by_trying_and_no_message_is_left"])),
    ("kafka", "group", "note", By(&["a_group_without_members_is_told_with_what_waits_for_it", "a_group_with_idle_members_and_one_that_is_slow_are_told"])),
    ("kafka", "group", "warning", By(&["a_group_without_members_is_told_with_what_waits_for_it", "a_group_with_idle_members_and_one_that_is_slow_are_told"])),
    ("kafka", "group", "problem", By(&["each_right_that_a_user_lacks_is_found_by_trying_and_no_message_is_left"])),
    ("kafka", "offsets", "warning", By(&["offsets_that_do_not_fit_the_topic_are_told"])),
    ("kafka", "dead_letters", "warning", By(&["dead_letters_wait_until_they_are_sent_back"])),
];

fn files_below(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Whose findings a file of the doctor makes.
fn services_of(path: &Path) -> &'static [&'static str] {
    let path = path.display().to_string();
    let of = |word: &str| path.contains(&format!("doctor/{word}"));
    match () {
        () if of("machine") => &["machine"],
        () if of("postgres") => &["postgresql"],
        () if of("redis") => &["redis"],
        () if of("kafka") || of("across") => &["kafka"],
        () if of("clock") => &["postgresql", "redis"],
        () => &["any"],
    }
}

/// The findings that the doctor's own text can make: name and level of each call that makes one.
fn made_in_source() -> BTreeSet<(String, String, String)> {
    let mut made = BTreeSet::new();
    for path in files_below("src/doctor").iter().filter(|path| !path.ends_with("finding.rs")) {
        let text = fs::read_to_string(path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for (call, level) in
            [("note", "note"), ("warning", "warning"), ("problem", "problem"), ("failed", "problem"), ("of", "problem")]
        {
            for after in text.split(&format!("Finding::{call}(")).skip(1) {
                // Where the name is a variable's, it stands where the function is called.
                let Some((check, _)) = after.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'))
                else {
                    continue;
                };
                // What any examiner says when it breaks off is one row.
                let services = if check == "complete" { &["any"] } else { services_of(path) };
                for service in services {
                    made.insert(((*service).to_owned(), check.to_owned(), level.to_owned()));
                }
            }
        }
    }
    made
}

#[test]
fn every_finding_has_a_test_that_breaks_it_or_a_reason_why_none_can() {
    let listed: BTreeSet<_> = FINDINGS
        .iter()
        .map(|(service, check, level, _)| ((*service).to_owned(), (*check).to_owned(), (*level).to_owned()))
        .collect();
    assert_eq!(listed.len(), FINDINGS.len(), "one is listed twice");
    let made = made_in_source();
    assert!(made.len() > 40, "the doctor's text was read: {made:?}");
    let missing: Vec<_> = made.difference(&listed).collect();
    assert!(missing.is_empty(), "in no row of the table: {missing:#?}");

    let tests: Vec<String> = ["tests/doctor", "tests/faults", "tests/pipeline"]
        .into_iter()
        .flat_map(files_below)
        .filter(|path| path.extension().is_some_and(|end| end == "rs") && !path.ends_with("table.rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let source: String = files_below("src/doctor").iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for (service, check, level, way) in FINDINGS {
        let name = format!("\"{check}\"");
        assert!(source.contains(&name), "{service} {check} {level} is no finding any more");
        match way {
            Not(why) => assert!(!why.is_empty()),
            By(names) => {
                for test in *names {
                    let body = tests.iter().find_map(|text| text.split_once(&format!("fn {test}()")));
                    let (_, body) = body.unwrap_or_else(|| panic!("{service} {check}: there is no test {test}"));
                    let body = body.split("#[test]").next().unwrap();
                    assert!(body.contains(&name), "{test} does not ask for {check}");
                }
            }
        }
    }
    // Readers find each by its name.
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/doctor.md")).unwrap();
    for (_, check, ..) in FINDINGS {
        assert!(page.contains(&format!("`{check}`")), "docs/doctor.md does not tell of {check}");
    }
}
