//! Inputs made of other inputs.

use fastrand::Rng;

/// Makes inputs of the corpus and of the words that mean something to the reader.
pub struct Mutator<'a> {
    pub rng: Rng,
    pub words: &'a [&'a [u8]],
    pub corpus: &'a [Vec<u8>],
}

impl Mutator<'_> {
    pub fn draw(&mut self) -> Vec<u8> {
        let mut input = if self.rng.u8(0..4) == 0 { Vec::new() } else { self.other().to_vec() };
        for _ in 0..self.rng.usize(1..12) {
            let from = self.rng.usize(0..=input.len());
            let to = (from + self.rng.usize(0..8)).min(input.len());
            let new = match self.rng.u8(0..8) {
                0..4 => self.words[self.rng.usize(0..self.words.len())].to_vec(),
                4 => (0..self.rng.usize(0..4)).map(|_| self.rng.u8(..)).collect(),
                5 => self.part_of_another(),
                6 => input[from..to].repeat(2),
                _ => Vec::new(),
            };
            let replaced = if self.rng.bool() { from..to } else { from..from };
            input.splice(replaced, new);
        }
        input
    }

    fn other(&mut self) -> &[u8] {
        &self.corpus[self.rng.usize(0..self.corpus.len())]
    }

    fn part_of_another(&mut self) -> Vec<u8> {
        let other = self.other().to_vec();
        let from = self.rng.usize(0..=other.len());
        other[from..self.rng.usize(from..=other.len())].to_vec()
    }
}

/// Leaves out as many bytes as possible.
pub fn shrink(mut input: Vec<u8>, fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut size = input.len().div_ceil(2);
    while size > 0 {
        let mut from = 0;
        while from < input.len() {
            let mut smaller = input.clone();
            smaller.drain(from..(from + size).min(input.len()));
            if fails(&smaller) {
                input = smaller;
            } else {
                from += size;
            }
        }
        size /= 2;
    }
    input
}
