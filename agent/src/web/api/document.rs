//! The description of all operations: an OpenAPI 3.1 document.

use axum::http::{Method, StatusCode};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::DOCUMENT;
use super::caller::FORM_TOKEN;
use super::operation::{Description, Operation};
use super::problem::{MEDIA_TYPE, ProblemDocument};
use crate::access::rights::Need;

/// Where schemas lie that are used more than once.
const SCHEMAS: &str = "/components/schemas";
const TOKEN: &str = "token";
const SESSION: &str = "session";

/// The whole document.
pub(super) fn document(operations: &[Operation]) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = SCHEMAS.into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for operation in operations {
        let path = paths.entry(operation.route.path.clone()).or_insert_with(|| json!({}));
        path[operation.route.method.as_str().to_ascii_lowercase()] = described(operation, &mut generator);
    }
    let description = json!({
        "operationId": "getDocument",
        "summary": "This description",
        "security": [],
        "responses": { "200": { "description": "OK" }, "421": problem_response(&mut generator, StatusCode::MISDIRECTED_REQUEST) },
    });
    paths.insert(DOCUMENT.to_owned(), json!({ "get": description }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Stairgate",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The household's filter, for programs of the home. Tokens are made on the pages, under settings.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                TOKEN: { "type": "http", "scheme": "bearer" },
                SESSION: {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "stairgate",
                    "description": format!(
                        "The session of somebody who has signed in; changes need the page's form token as {FORM_TOKEN} too."
                    ),
                },
            },
        },
    })
}

fn described(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let route = &operation.route;
    let description = (operation.describe)(generator);
    let mut parameters = parameters(&description.path, "path");
    parameters.extend(self::parameters(&description.query, "query"));
    if route.conditional {
        parameters.push(json!({
            "name": "If-Match",
            "in": "header",
            "description": "The `ETag` of what the change was made from. It is refused with 412 if what it changes has \
                            changed since; a change of anything else does no harm.",
            "schema": { "type": "string" },
        }));
    }
    let mut object = json!({
        "operationId": route.id,
        "summary": route.summary,
        "security": security(route.need),
        "responses": responses(operation, &description, generator),
    });
    if !parameters.is_empty() {
        object["parameters"] = parameters.into();
    }
    if let Some(body) = description.body {
        object["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": body } } });
    }
    object
}

fn security(need: Need) -> Value {
    match (need, need.scope()) {
        (Need::Open, _) => json!([]),
        // A role in OpenAPI 3.1's words: what the token needs besides being one.
        (_, Some(scope)) => json!([{ TOKEN: [scope.code()] }, { SESSION: [] }]),
        (_, None) => json!([{ SESSION: [] }]),
    }
}

fn parameters(fields: &Schema, place: &str) -> Vec<Value> {
    let Some(properties) = fields.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let required = fields.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|known| known == name));
    let parameter = |(name, schema): (&String, &Value)| {
        let mut schema = schema.clone();
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        json!({
            "name": name,
            "in": place,
            "required": is_required(name),
            "description": description.unwrap_or_default(),
            "schema": schema,
        })
    };
    properties.iter().map(parameter).collect()
}

fn responses(operation: &Operation, description: &Description, generator: &mut SchemaGenerator) -> Value {
    let answer = &description.answer;
    let headers = answer
        .headers
        .iter()
        .map(|(name, text)| ((*name).to_owned(), json!({ "description": text, "schema": { "type": "string" } })));
    let mut responses = Map::new();
    let good = json!({
        "description": answer.status.canonical_reason(),
        "headers": headers.collect::<Map<_, _>>(),
        "content": { answer.media_type: { "schema": answer.schema } },
    });
    responses.insert(answer.status.as_str().to_owned(), good);
    for status in problems(operation, description) {
        responses.insert(status.as_str().to_owned(), problem_response(generator, status));
    }
    if operation.route.method == Method::GET && answer.headers.iter().any(|(name, _)| *name == "ETag") {
        responses.insert("304".to_owned(), json!({ "description": "The caller has it already (`If-None-Match`)." }));
    }
    responses.into()
}

/// Statuses of what can go wrong.
fn problems(operation: &Operation, description: &Description) -> Vec<StatusCode> {
    let route = &operation.route;
    let has_fields = |schema: &Schema| schema.get("properties").is_some();
    let changes = !route.method.is_safe();
    let with = |wanted: bool, statuses: &'static [u16]| statuses.iter().filter(move |_| wanted);
    let statuses = [
        // Every call can come under a wrong name or while the agent ends, and a query that is none of ours is refused.
        with(true, &[400, 421, 503]),
        with(route.need != Need::Open, &[401, 403, 429]),
        with(changes, &[403, 404, 409, 422, 507]),
        with(has_fields(&description.path), &[404]),
        with(has_fields(&description.query), &[404, 422, 507]),
        with(description.body.is_some(), &[408, 413, 415, 422]),
        with(route.conditional, &[412]),
        with(route.id == "exportPerson", &[507]),
    ];
    let mut statuses: Vec<u16> = statuses.into_iter().flatten().copied().collect();
    statuses.sort_unstable();
    statuses.dedup();
    statuses.into_iter().filter_map(|status| StatusCode::from_u16(status).ok()).collect()
}

fn problem_response(generator: &mut SchemaGenerator, status: StatusCode) -> Value {
    let schema = generator.subschema_for::<ProblemDocument>();
    let mut response = json!({
        "description": status.canonical_reason(),
        "content": { MEDIA_TYPE: { "schema": schema } },
    });
    let header = match status {
        StatusCode::UNAUTHORIZED => Some("WWW-Authenticate"),
        StatusCode::TOO_MANY_REQUESTS => Some("Retry-After"),
        _ => None,
    };
    if let Some(name) = header {
        response["headers"] = json!({ name: { "schema": { "type": "string" } } });
    }
    response
}
