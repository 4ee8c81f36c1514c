//! UTF-8 out of another encoding, as it is read. Bytes that mean nothing in the encoding are an error, not a `?`.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding};

const BUFFER: usize = 64 * 1024;

/// Reads UTF-8 from a reader of another encoding.
pub(super) struct Recoder<R> {
    inner: R,
    decoder: Decoder,
    encoding: &'static Encoding,
    input: Vec<u8>,
    input_at: usize,
    output: Vec<u8>,
    output_at: usize,
    ended: bool,
}

impl<R: Read> Recoder<R> {
    pub(super) fn new(inner: R, encoding: &'static Encoding) -> Self {
        let (input, output) = (Vec::new(), Vec::new());
        let decoder = encoding.new_decoder();
        Self { inner, decoder, encoding, input, input_at: 0, output, output_at: 0, ended: false }
    }

    /// Decodes some more into `output`, which has been read to its end.
    fn refill(&mut self) -> io::Result<()> {
        let mut ended = false;
        if self.input_at == self.input.len() {
            self.input.resize(BUFFER, 0);
            let count = self.inner.read(&mut self.input)?;
            self.input.truncate(count);
            self.input_at = 0;
            ended = count == 0;
        }
        self.output.resize(BUFFER, 0);
        let input = &self.input[self.input_at..];
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(input, &mut self.output, ended);
        self.input_at += read;
        self.output.truncate(written);
        self.output_at = 0;
        self.ended = ended && result == DecoderResult::InputEmpty;
        match result {
            DecoderResult::Malformed(..) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("not valid {}, the encoding that was named", self.encoding.name()),
            )),
            DecoderResult::InputEmpty | DecoderResult::OutputFull => Ok(()),
        }
    }
}

impl<R: Read> Read for Recoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.output_at == self.output.len() && !self.ended {
            self.refill()?;
        }
        let count = buffer.len().min(self.output.len() - self.output_at);
        buffer[..count].copy_from_slice(&self.output[self.output_at..self.output_at + count]);
        self.output_at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_of_any_length_is_read_and_nonsense_is_an_error() {
        let text = "종목,가격\n삼성전자,1\n".repeat(20_000);
        let (encoded, _, _) = encoding_rs::EUC_KR.encode(&text);
        let mut read = String::new();
        Recoder::new(&*encoded, encoding_rs::EUC_KR).read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
        let error = Recoder::new(&b"a\xff\xff"[..], encoding_rs::EUC_KR).read_to_string(&mut read).unwrap_err();
        assert!(error.to_string().contains("not valid EUC-KR"), "{error}");
    }
}
