"""Elixir, Erlang, Gleam, Haskell, OCaml, Elm and PureScript."""

from gitlab_sync.rules.projects.ecosystems.ecosystem import Ecosystem, tool

ELIXIR = Ecosystem(
    languages={"Elixir": ".ex .exs .heex .eex .leex"},
    manifests="mix.exs",
    locks="mix.lock",
    tools={
        "test": (tool("mix test", "mix test", "mix test.*", "mix coveralls*", "mix espec"),),
        "lint": (
            tool("Credo", "mix credo*", files=".credo.exs", declared="{:credo,"),
            tool("Dialyzer", "mix dialyzer", declared="{:dialyxir,"),
        ),
        "format": (tool("mix format", "mix format", files=".formatter.exs"),),
        "coverage": (
            tool("ExCoveralls", "mix coveralls*"),
            tool("mix test --cover", "mix --cover", "mix test.coverage"),
        ),
        "dead_code": (
            tool("mix_unused", "mix unused", declared="{:mix_unused,"),
            tool("mix xref unreachable", "mix xref unreachable"),
        ),
        "dependency_audit": (
            tool("mix_audit", "mix deps.audit", declared="{:mix_audit,"),
            tool("mix hex.audit", "mix hex.audit"),
        ),
        "changelog": (
            tool("git_ops", "mix git_ops.release", "mix git_ops.*", declared="{:git_ops,"),
        ),
    },
    commands={
        "test": "mix test",
        "lint": "mix credo",
        "format": "mix format --check-formatted",
        "coverage": "mix coveralls",
        "dead_code": "mix unused",
        "dependency_audit": "mix deps.audit",
    },
)  # fmt: skip

ERLANG = Ecosystem(
    languages={"Erlang": ".erl .hrl"},
    manifests="rebar.config",
    locks="rebar.lock",
    tools={
        "test": (
            tool("EUnit", "rebar3 eunit", "rebar3 do eunit*", "make eunit"),
            tool("Common Test", "rebar3 ct", "ct_run", "make ct"),
            tool("PropEr", "rebar3 proper"),
        ),
        "lint": (
            tool("Dialyzer", "dialyzer", "rebar3 dialyzer"),
            tool("Elvis", "elvis", "rebar3 lint", files="elvis.config", declared="rebar3_lint"),
            tool("xref", "rebar3 xref"),
        ),
        "format": (
            tool("erlfmt", "erlfmt", "rebar3 fmt", declared="erlfmt"),
            tool("rebar3_format", "rebar3 format", declared="rebar3_format"),
            tool("efmt", "efmt", "rebar3 efmt"),
        ),
        "coverage": (tool("rebar3 cover", "rebar3 cover", "rebar3 --cover", "rebar3 covertool"),),
        "dead_code": (tool("Hank", "rebar3 hank", declared="rebar3_hank"),),
    },
    commands={
        "test": "rebar3 eunit",
        "lint": "rebar3 lint",
        "format": "rebar3 fmt --check",
        "coverage": "rebar3 cover",
        "dead_code": "rebar3 hank",
    },
)  # fmt: skip

GLEAM = Ecosystem(
    languages={"Gleam": ".gleam"},
    manifests="gleam.toml",
    tools={
        "test": (tool("gleam test", "gleam test"),),
        "format": (tool("gleam format", "gleam format"),),
    },
    commands={"test": "gleam test", "format": "gleam format --check src test"},
)

HASKELL = Ecosystem(
    languages={"Haskell": ".hs .lhs .hsc"},
    manifests="*.cabal package.yaml",
    marks="stack.yaml cabal.project",
    locks="stack.yaml.lock cabal.project.freeze",
    tools={
        "test": (
            tool("cabal test", "cabal test", "cabal new-test", "cabal v2-test"),
            tool("stack test", "stack test", "stack build --test", "stack --test"),
            tool("doctest", "doctest", "cabal-docspec"),
        ),
        "lint": (
            tool("HLint", "hlint", files=".hlint.yaml hlint.yaml"),
            tool("Stan", "stan", files=".stan.toml"),
        ),
        "format": (
            tool("ormolu", "ormolu", files=".ormolu"),
            tool("Fourmolu", "fourmolu", files="fourmolu.yaml .fourmolu.yaml"),
            tool("stylish-haskell", "stylish-haskell", files=".stylish-haskell.yaml"),
            tool("brittany", "brittany", files="brittany.yaml"),
            tool("hindent", "hindent", files=".hindent.yaml"),
        ),
        "coverage": (
            tool("hpc", "hpc", "stack --coverage", "cabal --enable-coverage", "hpc-codecov",
                 "hpc-lcov"),
        ),
        "dead_code": (tool("Weeder", "weeder", files="weeder.toml weeder.dhall"),),
        "dependency_audit": (tool("cabal-audit", "cabal-audit"),),
    },
    commands={
        "test": "cabal test all",
        "lint": "hlint .",
        "format": "ormolu --mode check $(git ls-files '*.hs')",
        "coverage": "cabal test --enable-coverage",
        "dead_code": "weeder",
        "dependency_audit": "cabal-audit",
    },
)  # fmt: skip

OCAML = Ecosystem(
    languages={"OCaml": ".ml .mli .mll .mly"},
    manifests="dune-project *.opam opam",
    locks="*.opam.locked",
    tools={
        "test": (
            tool("dune runtest", "dune runtest", "dune test", "dune build @runtest",
                 "dune build @check", "dune build @all @runtest", "jbuilder runtest"),
            tool("opam --with-test", "opam --with-test", "opam -t"),
        ),
        "lint": (tool("ocp-lint", "ocp-lint"), tool("dune build @lint", "dune build @lint"),
                 tool("zanuda", "zanuda")),
        "format": (
            tool("ocamlformat", "ocamlformat", "dune fmt", "dune build @fmt",
                 files=".ocamlformat"),
            tool("ocp-indent", "ocp-indent", files=".ocp-indent"),
        ),
        "coverage": (tool("bisect_ppx", "bisect-ppx-report", "dune --instrument-with"),),
    },
    commands={
        "test": "dune runtest",
        "lint": "dune build @lint",
        "format": "dune build @fmt",
        "coverage": "dune runtest --instrument-with bisect_ppx",
    },
)  # fmt: skip

ELM = Ecosystem(
    languages={"Elm": ".elm"},
    manifests="elm.json",
    tools={
        "test": (tool("elm-test", "elm-test", "elm-test-rs"),),
        "lint": (tool("elm-review", "elm-review"), tool("elm-analyse", "elm-analyse")),
        "format": (tool("elm-format", "elm-format"),),
        "coverage": (tool("elm-coverage", "elm-coverage"),),
    },
    commands={
        "test": "npx elm-test",
        "lint": "npx elm-review",
        "format": "npx elm-format --validate src",
        "coverage": "npx elm-coverage",
    },
)
