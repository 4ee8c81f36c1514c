//! CSV of any make: what is declared of it, how it is encoded, how it is compressed.

use windlass::domain::step::Csv;

use super::world::{BOTH, To, World};

const ROWS: &str = "select string_agg(concat_ws('|', a, b, c), ';' order by a) from t";

/// UTF-16 in the order that `bytes` gives a unit, with a byte order mark.
fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
}

async fn rows(name: &str, content: impl AsRef<[u8]>, csv: Csv) -> String {
    let mut world = World::of_file(To::DuckDb, name, content).await;
    world.files().csv = csv;
    let outcome = world.run().await.unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
    assert_eq!(outcome.files, Some(1));
    world.value(ROWS).await
}

#[tokio::test]
async fn what_is_declared_is_believed() {
    let csv = Csv {
        delimiter: Some('|'),
        quote: Some('\''),
        escape: Some('\\'),
        nulls: vec![String::new(), "NA".into()],
        skip_rows: 2,
        ..Csv::default()
    };
    let text = "made at; noon\n\na|b|c\n1|'x\\'|y'|NA\n2||'z'\n";
    assert_eq!(rows("a.csv", text, csv).await, "1|x'|y;2|z");
    let names = ["a", "b", "c"].map(str::to_owned).to_vec();
    let csv = Csv { header: false, names: names.clone(), ..Csv::default() };
    assert_eq!(rows("a.csv", "1;x;y\n2;\"z;z\";\n", csv).await, "1|x|y;2|z;z");
    let csv = Csv { quote: None, header: false, names, ..Csv::default() };
    assert_eq!(rows("a.csv", "1,\"x,y\n2,z,\"\n", csv).await, "1|\"x|y;2|z|\"");
}

#[tokio::test]
async fn text_of_any_encoding_and_compression_is_read() {
    let text = "a,b,c\n1,삼성,x\n2,전자,y\n";
    let expected = "1|삼성|x;2|전자|y";
    let (korean, _, _) = encoding_rs::EUC_KR.encode(text);
    let csv = |encoding: &str| Csv { encoding: Some(encoding.to_owned()), ..Csv::default() };
    assert_eq!(rows("a.csv", &korean, csv("cp949")).await, expected);
    assert_eq!(rows("a.csv", wide(text, u16::to_le_bytes), Csv::default()).await, expected);
    assert_eq!(rows("a.csv", wide(text, u16::to_be_bytes), Csv::default()).await, expected);
    assert_eq!(rows("a.csv", format!("\u{feff}{}", text.replace('\n', "\r\n")), Csv::default()).await, expected);
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 0).unwrap();
    assert_eq!(rows("a.csv.zst", zstd(text.as_bytes()), Csv::default()).await, expected);
    assert_eq!(rows("b.csv.zst", zstd(&wide(text, u16::to_le_bytes)), Csv::default()).await, expected);
    let lines = "{\"a\":1,\"b\":\"삼성\",\"c\":\"x\"}\n{\"a\":2,\"b\":\"전자\",\"c\":\"y\"}\n";
    assert_eq!(rows("a.ndjson.zst", zstd(lines.as_bytes()), Csv::default()).await, expected);
    assert_eq!(rows("a.ndjson", wide(lines, u16::to_le_bytes), Csv::default()).await, expected);
}

#[tokio::test]
async fn a_file_without_rows_has_none() {
    for to in BOTH {
        let mut world = World::of_file(to, "a.csv", "a,b,c\n").await;
        world.step.allow_empty = true;
        assert_eq!(world.run().await.unwrap().rows, Some(0));
        assert_eq!(world.value("select count(*) from t").await, "0");
        world.write("a.csv", "");
        world.execute("insert into t values (1, 2, 3)").await;
        let failure = world.failure().await;
        assert!(failure.message.contains("it is empty"), "{failure}");
        assert_eq!(world.value("select count(*) from t").await, "1");
        world.close().await;
    }
}
