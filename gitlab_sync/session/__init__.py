"""One principal at one instance: requests, pages, lists and workflows over the shared runtime."""
