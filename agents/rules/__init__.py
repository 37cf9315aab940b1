"""The rules of a book as people look at them: `kongfei rules list|show|kinds|test`, as sheets and as JSON."""
