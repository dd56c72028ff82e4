//! Who is still owed a copy, and who drives?
