//! Images and attachments, from the file beside the article to the message.
