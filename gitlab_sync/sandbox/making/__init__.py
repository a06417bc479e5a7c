"""How generated worlds are made: people, words, projects, issues and merge requests."""
