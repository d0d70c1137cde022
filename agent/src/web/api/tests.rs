use std::collections::BTreeSet;
use std::io::Read as _;

use axum::http::header;
use flate2::read::GzDecoder;
use serde_json::Value;
use stairgate_webui::view::Scope;

use super::*;
use crate::access::rights::Need;

/// Every operation with what it asks of its caller. A line that changes here opens or closes something.
const NEEDS: &str = "
GET /api/v1/activity SeeActivity
DELETE /api/v1/activity Settings
GET /api/v1/audit SeeRules
GET /api/v1/box SeeSettings
PUT /api/v1/box/provider-port Settings
POST /api/v1/box/restart Settings
POST /api/v1/box/update Settings
DELETE /api/v1/box/update Settings
GET /api/v1/devices SeeDevices
PUT /api/v1/devices/{device} Devices
DELETE /api/v1/devices/{device} Devices
POST /api/v1/devices/{device}/merge Devices
GET /api/v1/events See
GET /api/v1/explain SeeRules
GET /api/v1/helplines SeeSettings
PUT /api/v1/helplines Settings
DELETE /api/v1/helplines Settings
GET /api/v1/household SeeSettings
PUT /api/v1/household Settings
PUT /api/v1/household/retention Settings
GET /api/v1/lists SeeRules
POST /api/v1/lists Settings
DELETE /api/v1/lists/{list} Settings
POST /api/v1/lists/{list}/refresh Settings
GET /api/v1/log SeeSettings
GET /api/v1/people See
POST /api/v1/people Rules
GET /api/v1/people/{person} SeeRules
PUT /api/v1/people/{person}/bedtime Rules
PUT /api/v1/people/{person}/categories Rules
PUT /api/v1/people/{person}/details Rules
POST /api/v1/people/{person}/erase Adults
GET /api/v1/people/{person}/export Settings
GET /api/v1/people/{person}/modes SeeRules
POST /api/v1/people/{person}/modes Rules
PUT /api/v1/people/{person}/modes/{mode} Rules
DELETE /api/v1/people/{person}/modes/{mode} Rules
PUT /api/v1/people/{person}/names/{name} Rules
DELETE /api/v1/people/{person}/names/{name} Rules
POST /api/v1/people/{person}/pause Pause
PUT /api/v1/people/{person}/pin Rules
DELETE /api/v1/people/{person}/pin Rules
PUT /api/v1/people/{person}/privacy Rules
PUT /api/v1/people/{person}/protection Rules
GET /api/v1/people/{person}/quotas SeeRules
PUT /api/v1/people/{person}/quotas Rules
POST /api/v1/people/{person}/recommended Rules
POST /api/v1/people/{person}/resume Pause
PUT /api/v1/people/{person}/services Rules
POST /api/v1/people/{person}/time Pause
GET /api/v1/people/{person}/usage SeeActivity
GET /api/v1/people/{person}/week SeeRules
PUT /api/v1/people/{person}/week Rules
GET /api/v1/problems/{problem} Open
POST /api/v1/refresh Settings
GET /api/v1/requests SeeRequests
POST /api/v1/requests/{request}/answer Pause
GET /api/v1/status See
GET /api/v1/tags See
GET /metrics See
";

#[test]
fn every_operation_asks_of_its_caller_what_it_should() {
    let mut lines: Vec<String> = operations()
        .iter()
        .map(|Operation { route, .. }| format!("{} {} {:?}", route.method, route.path, route.need))
        .collect();
    lines.sort_by_key(|line| line.split(' ').nth(1).map(str::to_owned));
    assert_eq!(lines.join("\n"), NEEDS.trim());
}

#[test]
fn what_only_looks_changes_nothing_by_its_need() {
    for Operation { route, .. } in operations() {
        let looks = matches!(
            route.need,
            Need::Open
                | Need::See
                | Need::SeeRequests
                | Need::SeeRules
                | Need::SeeDevices
                | Need::SeeSettings
                | Need::SeeActivity
        );
        let exports = route.id == "exportPerson";
        assert_eq!(looks, route.method.is_safe() && !exports, "{} {}", route.method, route.path);
        if !looks {
            assert!(!route.need.is_met_by_scopes(&[Scope::Read]), "{} {}", route.method, route.path);
        }
    }
}

#[test]
fn the_document_describes_every_operation_once_and_refers_to_nothing_that_is_missing() {
    let operations = operations();
    let document = document::document(&operations);
    let ids: BTreeSet<&str> = operations.iter().map(|operation| operation.route.id).collect();
    assert_eq!(ids.len(), operations.len());
    for Operation { route, .. } in &operations {
        let described = &document["paths"][&route.path][route.method.as_str().to_ascii_lowercase()];
        assert_eq!(described["operationId"], route.id);
        for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            let parameters = described["parameters"].as_array().unwrap();
            assert!(
                parameters.iter().any(|known| known["name"] == name && known["required"] == true),
                "{}",
                route.path
            );
        }
    }
    references(&document, &mut |reference| {
        let found = document.pointer(reference.trim_start_matches('#'));
        assert!(found.is_some(), "{reference}");
    });
    // A body may have no field that nobody knows.
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let is_body = document["paths"].to_string().contains(&format!(
            "\"requestBody\":{{\"content\":{{\"application/json\":{{\"schema\":{{\"$ref\":\"#/components/schemas/{name}\"}}"
        ));
        assert!(!is_body || schema["additionalProperties"] == false, "{name}");
    }
}

/// `STAIRGATE_GOLDEN=write` writes it anew.
#[test]
fn the_document_in_the_program_is_what_the_operations_describe() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/openapi.json");
    let described = format!("{:#}\n", document::document(&operations()));
    if std::env::var("STAIRGATE_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::write(path, &described).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), described, "run again with STAIRGATE_GOLDEN=write");
}

#[tokio::test]
async fn the_description_comes_compressed_to_whoever_can_open_it() {
    let open = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).is_ok_and(|value| value["openapi"] == "3.1.0");
    for (accepted, packed) in
        [("gzip, deflate, br", true), ("br;q=1.0, gzip;q=0.8", true), ("gzip;q=0", false), ("br", false), ("", false)]
    {
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted.parse().unwrap())]);
        let response = describe(headers).await.unwrap();
        assert_eq!(response.headers().contains_key(header::CONTENT_ENCODING), packed, "{accepted}");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(open(&body), !packed, "{accepted}");
        if packed {
            let mut text = Vec::new();
            GzDecoder::new(&body[..]).read_to_end(&mut text).unwrap();
            assert!(open(&text), "{accepted}");
        }
    }
}

fn references(value: &Value, tell: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                tell(reference);
            }
            fields.values().for_each(|value| references(value, tell));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, tell)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn paths_of_programs_are_told_from_paths_of_people() {
    for (path, programs) in
        [("/api/v1/status", true), ("/api", true), ("/metrics", true), ("/apiary", false), ("/", false)]
    {
        assert_eq!(is_path(path), programs, "{path}");
    }
}
