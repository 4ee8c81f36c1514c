//! Opening stores: with what they need, or with words about what is missing. Nothing is asked of them here.

use std::collections::BTreeMap;

use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::domain::object::{ObjectAddress, StoreOptions};
use windlass::domain::secret::Secret;
use windlass::objects::{Bucket, ObjectError, ObjectStores};

fn open(address: &str, name: &str, options: StoreOptions) -> Result<Bucket, ObjectError> {
    let stores = ObjectStores::new(BTreeMap::new(), BTreeMap::from([(name.to_owned(), options)]));
    stores.open(&ObjectAddress::parse(address).unwrap().unwrap())
}

#[test]
fn each_kind_opens_with_what_it_needs() {
    let endpoint = || Some("http://127.0.0.1:1".to_owned());
    open("s3://reports/a.db", "s3", StoreOptions { endpoint: endpoint(), ..StoreOptions::default() }).unwrap();
    open("gs://reports/a.db", "gs", StoreOptions { endpoint: endpoint(), ..StoreOptions::default() }).unwrap();
    let azure = StoreOptions {
        endpoint: endpoint(),
        account: Some("windlass".to_owned()),
        account_key: Some(Secret::new("c2VjcmV0")),
        ..StoreOptions::default()
    };
    let bucket = open("az://reports/a.db", "az://reports", azure).unwrap();
    assert_eq!(bucket.address("a.db"), "az://reports/a.db");
}

#[test]
fn what_is_missing_is_said_without_the_secrets() {
    let failure = open("az://reports/a.db", "az", StoreOptions::default()).unwrap_err().failure();
    assert_eq!((failure.code, failure.class), (Code::StoreRefused, FailureClass::Permanent), "{failure}");
    assert!(failure.message.starts_with("opening az://reports: ") && failure.message.contains("ccount"), "{failure}");
    let file = std::path::PathBuf::from("/nowhere/google.json");
    let options = StoreOptions { credentials_file: Some(file), ..StoreOptions::default() };
    let failure = open("gs://reports/a.db", "gs", options).unwrap_err().failure();
    assert_eq!(failure.class, FailureClass::Permanent);
    assert!(failure.message.contains("/nowhere/google.json"), "{failure}");
    let odd = Secret::new("not base64 !");
    let options = StoreOptions { account: Some("a".to_owned()), account_key: Some(odd), ..StoreOptions::default() };
    if let Err(error) = open("az://reports/a.db", "az", options) {
        assert!(!error.to_string().contains("not base64 !"), "{error}");
    }
}
