"""Who is who: people, bots, aliases, mailmap, attribution of commits, teams."""
