//! A disk that can be full, and on which a name and what lies under it are two things, as on a real one: who
//! has a file open goes on writing into it when its name is gone.

use std::collections::BTreeMap;
use std::io;

use rushes::domain::job::JobId;

/// The files of one data folder.
#[derive(Default)]
pub struct Disk {
    names: BTreeMap<String, usize>,
    contents: Vec<Vec<u8>>,
    /// Nothing can be written for now.
    pub full: bool,
    /// It takes no name with words in it.
    pub refuses_words: bool,
}

impl Disk {
    /// A new, empty file; other parts of the same clip lose their names.
    pub fn create(&mut self, clip: &str, number: u64) -> io::Result<(usize, String)> {
        self.room()?;
        self.takes(clip)?;
        self.names.retain(|name, _| !(name.starts_with(clip) && name.ends_with(".part")));
        let part = format!("{clip}.{number:016x}.part");
        self.contents.push(Vec::new());
        self.names.insert(part.clone(), self.contents.len() - 1);
        Ok((self.contents.len() - 1, part))
    }

    /// Writes `bytes` into an open file from `offset` on.
    pub fn write(&mut self, file: usize, offset: usize, bytes: &[u8]) -> io::Result<()> {
        self.room()?;
        let content = &mut self.contents[file];
        if content.len() < offset + bytes.len() {
            content.resize(offset + bytes.len(), 0);
        }
        content[offset..offset + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    /// Gives a file another name, in the place of whatever had it.
    pub fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.takes(to)?;
        let file = self.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        self.names.insert(to.to_owned(), file);
        Ok(())
    }

    /// What lies under a name.
    pub fn read(&self, name: &str) -> Option<&[u8]> {
        self.names.get(name).map(|file| self.contents[*file].as_slice())
    }

    /// Whether the file system takes such a name; one of an id alone any takes.
    fn takes(&self, path: &str) -> io::Result<()> {
        let is_bare = JobId::of_clip(path).is_some_and(|id| path.contains(&format!("/{id}")));
        if self.refuses_words && !is_bare {
            Err(io::ErrorKind::InvalidFilename.into())
        } else {
            Ok(())
        }
    }

    fn room(&self) -> io::Result<()> {
        if self.full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}
