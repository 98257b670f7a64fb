"""Bodies of requests: pieces of text and stretches of documents, never whole in memory when large."""
