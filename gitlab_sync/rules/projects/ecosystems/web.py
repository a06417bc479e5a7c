"""JavaScript and TypeScript."""

from gitlab_sync.rules.projects.ecosystems.ecosystem import Ecosystem, tool

_TYPED = ("TypeScript",)

WEB = Ecosystem(
    languages={
        "JavaScript": ".js .jsx .mjs .cjs .vue .svelte .astro .coffee",
        "TypeScript": ".ts .tsx .mts .cts",
    },
    manifests="package.json",
    marks="tsconfig.json deno.json deno.jsonc bower.json",
    locks=(
        "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb "
        "deno.lock"
    ),
    tools={
        "test": (
            tool("jest", "jest", "react-scripts test", "react-app-rewired test", "craco test",
                 "lerna test"),
            tool("vitest", "vitest"),
            tool("mocha", "mocha", "_mocha", "electron-mocha", "mochapack"),
            tool("Karma", "karma start", "ng test"),
            tool("AVA", "ava"),
            tool("tap", "tap", "tape"),
            tool("Jasmine", "jasmine"),
            tool("QUnit", "qunit"),
            tool("uvu", "uvu"),
            tool("Cypress", "cypress run"),
            tool("Playwright", "playwright test"),
            tool("WebdriverIO", "wdio", "nightwatch", "testcafe", "ng e2e", "cucumber-js"),
            tool("node --test", "node --test"),
            tool("deno test", "deno test"),
            tool("bun test", "bun test"),
            tool("Vue CLI's tests", "vue-cli-service test:unit", "vue-cli-service test:e2e"),
            tool("Ember's tests", "ember test", "web-test-runner", "wtr", "aegir test"),
        ),
        "lint": (
            tool(
                "ESLint", "eslint", "eslint_d", "next lint", "ng lint", "vue-cli-service lint",
                "aegir lint", files=".eslintrc .eslintrc.* eslint.config.*", tables="eslintConfig",
            ),
            tool(
                "Biome", "biome lint", "biome check", "biome ci", "biome $",
                files="biome.json biome.jsonc .biome.json",
            ),
            tool("oxlint", "oxlint", files=".oxlintrc.json oxlintrc.json"),
            tool("standard", "standard", "semistandard", "ts-standard", tables="standard"),
            tool("XO", "xo", tables="xo"),
            tool("TSLint", "tslint", files="tslint.json"),
            tool("JSHint", "jshint", files=".jshintrc"),
            tool("deno lint", "deno lint"),
            tool("stylelint", "stylelint", files=".stylelintrc .stylelintrc.* stylelint.config.*"),
            tool("HTMLHint", "htmlhint", files=".htmlhintrc"),
        ),
        "format": (
            tool(
                "Prettier", "prettier", "prettierd", "pretty-quick", "prettier-standard",
                files=".prettierrc .prettierrc.* prettier.config.*", tables="prettier "
                "devDependencies.eslint-plugin-prettier dependencies.eslint-plugin-prettier",
            ),
            tool(
                "Biome", "biome format", "biome check", "biome ci",
                files="biome.json biome.jsonc .biome.json",
            ),
            tool("dprint", "dprint check", "dprint fmt", files="dprint.json .dprint.json"),
            tool("deno fmt", "deno fmt"),
            tool("JS Beautifier", "js-beautify", files=".jsbeautifyrc"),
            tool("oxfmt", "oxfmt", files=".oxfmtrc.json .oxfmtrc.jsonc"),
        ),
        "type_check": (
            tool("TypeScript", "tsc", "tsgo", files="tsconfig.json tsconfig.*.json", only=_TYPED),
            tool("vue-tsc", "vue-tsc", only=_TYPED),
            tool("svelte-check", "svelte-check", only=_TYPED),
            tool("astro check", "astro check", only=_TYPED),
            tool("deno check", "deno check", only=_TYPED),
            tool("Flow", "flow check", "flow $", files=".flowconfig"),
        ),
        "coverage": (
            tool(
                "Istanbul", "nyc", "istanbul cover", "jest --coverage", "jest --ci --coverage",
                "react-scripts --coverage", "craco --coverage", "ng --code-coverage",
                "karma --coverage", "vue-cli-service --coverage",
            ),
            tool("c8", "c8"),
            tool("vitest --coverage", "vitest --coverage"),
            tool("node --test", "node --experimental-test-coverage"),
            tool("bun test", "bun --coverage"),
            tool("deno coverage", "deno coverage", "deno --coverage"),
        ),
        "dead_code": (
            tool("knip", "knip", files="knip.json knip.jsonc .knip.json .knip.jsonc knip.ts "
                 "knip.js knip.config.*", tables="knip"),
            tool("ts-prune", "ts-prune", files=".ts-prunerc .ts-prunerc.json"),
            tool("ts-unused-exports", "ts-unused-exports"),
            tool("unimported", "unimported", files=".unimportedrc.json"),
            tool("depcheck", "depcheck", files=".depcheckrc .depcheckrc.*"),
            tool("tsr", "tsr"),
        ),
        "dependency_audit": (
            tool("npm audit", "npm audit", "yarn npm audit"),
            tool("yarn audit", "yarn audit"),
            tool("pnpm audit", "pnpm audit"),
            tool("bun audit", "bun audit"),
            tool("audit-ci", "audit-ci", "improved-yarn-audit",
                 files="audit-ci.json audit-ci.jsonc"),
            tool("better-npm-audit", "better-npm-audit"),
            tool("auditjs", "auditjs"),
            tool("Retire.js", "retire", files=".retireignore .retireignore.json"),
        ),
    },
    commands={
        "test": "npx vitest run",
        "lint": "npx eslint .",
        "format": "npx prettier --check .",
        "type_check": "npx tsc --noEmit",
        "coverage": "npx vitest run --coverage",
        "dead_code": "npx knip",
        "dependency_audit": "npm audit",
    },
)  # fmt: skip
