//! Where credentials come from. Without them nothing is collected, so that what is collected tells that they were found.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::double::{Lint, REGION, SINGLE, serve};

/// A collection whose credentials are nowhere, unless `with` gives them: of a home and a configuration of its own.
fn collect(config: &str, with: impl FnOnce(Lint, &Path) -> Lint) -> crate::sandbox::Said {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config");
    fs::write(&file, config).unwrap();
    let lint = Lint::new(SINGLE.double.endpoint())
        .env("AWS_ACCESS_KEY_ID", None)
        .env("AWS_SECRET_ACCESS_KEY", None)
        .env("AWS_CONFIG_FILE", file.to_str())
        .env("HOME", home.path().to_str())
        .args(["collect", "--accounts", "123456789012", "--regions", REGION, "--out"])
        .args([home.path().join("snapshot")]);
    with(lint, home.path()).run()
}

/// The bare double does not answer every call, which is no matter of credentials.
#[track_caller]
fn assert_found(said: &crate::sandbox::Said) {
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("read 1 account and 1 Region"), "{said:?}");
}

fn expiry() -> String {
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    later.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[test]
fn nowhere() {
    let said = collect("", |lint, _| lint);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("no credentials were found"), "{said:?}");
}

#[test]
fn from_a_process() {
    let said = collect("", |lint, home| {
        let answer =
            json!({"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "secret"});
        let path = home.join("credentials.json");
        fs::write(&path, answer.to_string()).unwrap();
        let config = format!("[profile audit]\ncredential_process = cat {}\n", path.display());
        fs::write(home.join("config"), config).unwrap();
        lint.args(["--profile", "audit"])
    });
    assert_found(&said);
}

#[test]
fn from_a_role_of_a_profile() {
    let config = "[profile audit]\nrole_arn = arn:aws:iam::123456789012:role/audit\nsource_profile = base\n\
                  [profile base]\naws_access_key_id = testing\naws_secret_access_key = testing\n";
    assert_found(&collect(config, |lint, _| lint.args(["--profile", "audit"])));
}

#[test]
fn from_a_web_identity() {
    let said = collect("", |lint, home| {
        let token = home.join("token");
        fs::write(&token, "header.claims.signature").unwrap();
        lint.env("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str())
            .env("AWS_ROLE_ARN", Some("arn:aws:iam::123456789012:role/audit"))
            .env("AWS_ROLE_SESSION_NAME", Some("ci"))
    });
    assert_found(&said);
}

#[test]
fn from_an_instance() {
    let credentials = json!({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIAINSTANCE",
        "SecretAccessKey": "secret", "Token": "token", "Expiration": expiry(),
        "LastUpdated": "2026-01-01T00:00:00Z"});
    let address = serve(vec![
        ("PUT /latest/api/token", "token".to_owned()),
        ("GET /latest/meta-data/iam/security-credentials/audit", credentials.to_string()),
        ("GET /latest/meta-data/iam/security-credentials-extended/audit", credentials.to_string()),
        ("GET /latest/meta-data/iam/security-credentials", "audit".to_owned()),
    ]);
    let said = collect("", |lint, _| {
        lint.env("AWS_EC2_METADATA_DISABLED", None)
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", Some(&address))
    });
    assert_found(&said);
}

#[test]
fn from_a_container() {
    let credentials = json!({"AccessKeyId": "ASIACONTAINER", "SecretAccessKey": "secret",
        "Token": "token", "Expiration": expiry()});
    let address = serve(vec![("GET /credentials", credentials.to_string())]);
    let url = format!("{address}/credentials");
    let said = collect("", |lint, _| lint.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", Some(&url)));
    assert_found(&said);
}

#[test]
fn from_single_sign_on() {
    let later = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)).as_millisecond();
    let credentials = json!({"roleCredentials": {"accessKeyId": "ASIASSO", "secretAccessKey": "secret",
        "sessionToken": "token", "expiration": later}});
    let address = serve(vec![("GET /federation/credentials", credentials.to_string())]);
    let config = "[profile audit]\nsso_session = work\nsso_account_id = 123456789012\nsso_role_name = Audit\n\
                  [sso-session work]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n";
    let said = collect(config, |lint, home| {
        // Named by the SHA-1 of the session's name, as `aws sso login` does.
        let cache = home.join(".aws/sso/cache");
        fs::create_dir_all(&cache).unwrap();
        let token = json!({"accessToken": "token", "expiresAt": expiry(), "region": "eu-west-1",
            "startUrl": "https://example.awsapps.com/start"});
        let name = "e274eeff768c6396088ec6eb091f4bf4d47ab1e0.json";
        fs::write(cache.join(name), token.to_string()).unwrap();
        lint.args(["--profile", "audit"]).env("AWS_ENDPOINT_URL_SSO", Some(&address))
    });
    assert_found(&said);
}
