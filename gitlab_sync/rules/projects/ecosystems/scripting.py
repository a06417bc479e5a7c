"""PHP, Ruby, Perl, Lua, R, Julia, Tcl and PowerShell."""

from gitlab_sync.rules.projects.ecosystems.ecosystem import Ecosystem, tool

PHP = Ecosystem(
    languages={"PHP": ".php .phtml .module .theme"},
    manifests="composer.json",
    locks="composer.lock",
    tools={
        "test": (
            tool("PHPUnit", "phpunit", "simple-phpunit", "paratest"),
            tool("Pest", "pest"),
            tool("artisan test", "artisan test"),
            tool("Codeception", "codecept run"),
            tool("Behat", "behat"),
            tool("phpspec", "phpspec run"),
            tool("atoum", "atoum"),
            tool("run-tests.php", "run-tests.php", "run-tests.sh"),
        ),
        "lint": (
            tool("PHPStan", "phpstan", files="phpstan.neon phpstan.neon.dist phpstan.dist.neon "
                 "phpstan*.neon", declared="phpstan/phpstan\" larastan/larastan"),
            tool("Psalm", "psalm", files="psalm.xml psalm.xml.dist", declared="vimeo/psalm"),
            tool("PHP_CodeSniffer", "phpcs", files="phpcs.xml phpcs.xml.dist .phpcs.xml "
                 ".phpcs.xml.dist phpcs*.xml ruleset.xml", declared="squizlabs/php_codesniffer"),
            tool("Phan", "phan", files=".phan/config.php"),
            tool("PHPMD", "phpmd", files="phpmd.xml phpmd.xml.dist phpmd*.xml"),
            tool("Rector", "rector", files="rector.php"),
            tool("PHP Insights", "phpinsights", "artisan insights", files="phpinsights.php"),
            tool("parallel-lint", "parallel-lint"),
            tool("Mago", "mago lint", "mago analyze", files="mago.toml"),
            tool("twig-cs-fixer", "twig-cs-fixer", "twigcs", files=".twig-cs-fixer.php"),
        ),
        "format": (
            tool("PHP CS Fixer", "php-cs-fixer",
                 files=".php-cs-fixer.php .php-cs-fixer.dist.php .php_cs .php_cs.dist "
                 "php-cs-fixer.php .php-cs-fixer*.php", declared="friendsofphp/php-cs-fixer"),
            tool("Pint", "pint", files="pint.json", declared="laravel/pint"),
            tool("Easy Coding Standard", "ecs", "ecs check", files="ecs.php",
                 declared="symplify/easy-coding-standard"),
            tool("phpcbf", "phpcbf"),
            tool("Mago", "mago fmt", "mago format"),
        ),
        "coverage": (
            tool("PHPUnit --coverage", "phpunit --coverage", "pest --coverage",
                 "paratest --coverage", "artisan --coverage", "simple-phpunit --coverage"),
            tool("phpdbg", "phpdbg -qrr"),
            tool("phpcov", "phpcov"),
            tool("Codeception --coverage", "codecept --coverage"),
            tool("Infection", "infection"),
        ),
        "dead_code": (
            tool("ShipMonk dead code detector", declared="shipmonk/dead-code-detector"),
            tool("Psalm", "psalm --find-dead-code", "psalm --find-unused-code"),
            tool("composer-unused", "composer-unused"),
        ),
        "dependency_audit": (
            tool("composer audit", "composer audit"),
            tool("Symfony's security check", "symfony security:check", "symfony check:security",
                 "local-php-security-checker", "security-checker"),
            tool("Roave Security Advisories", declared="roave/security-advisories"),
        ),
    },
    commands={
        "test": "vendor/bin/phpunit",
        "lint": "vendor/bin/phpstan analyse",
        "format": "vendor/bin/php-cs-fixer check",
        "coverage": "vendor/bin/phpunit --coverage-text",
        "dead_code": "vendor/bin/psalm --find-unused-code",
        "dependency_audit": "composer audit",
    },
)  # fmt: skip

RUBY = Ecosystem(
    languages={"Ruby": ".rb .rake .ru", "Puppet": ".pp"},
    manifests="gemfile *.gemspec gems.rb",
    locks="gemfile.lock gems.locked",
    tools={
        "test": (
            tool("RSpec", "rspec", "rake spec", "parallel_rspec", "rake parallel:spec"),
            tool("Minitest", "minitest", "rails test", "rails test:system", "rails test:all",
                 "rake test", "rake test:*", "ruby -Itest", "ruby -Ilib:test"),
            tool("Cucumber", "cucumber", "rake cucumber"),
            tool("test-unit", "test-unit"),
            tool("Spring", "spring rspec"),
            tool("kitchen", "kitchen test"),
            tool("PDK", "pdk test unit"),
        ),
        "lint": (
            tool("RuboCop", "rubocop", "rake rubocop", files=".rubocop.yml .rubocop*.yml"),
            tool("Standard Ruby", "standardrb", "rake standard", files=".standard.yml"),
            tool("Reek", "reek", files=".reek.yml"),
            tool("Fasterer", "fasterer", files=".fasterer.yml"),
            tool("RubyCritic", "rubycritic"),
            tool("Foodcritic", "foodcritic"),
            tool("Cookstyle", "cookstyle"),
            tool("puppet-lint", "puppet-lint", "rake lint", files=".puppet-lint.rc"),
            tool("haml-lint", "haml-lint", files=".haml-lint.yml"),
            tool("erb_lint", "erblint", "erb_lint", files=".erb-lint.yml .erb_lint.yml"),
        ),
        "format": (
            tool("rufo", "rufo", files=".rufo"),
            tool("RuboCop", "rubocop -x", "rubocop --fix-layout", "rubocop --only Layout"),
            tool("Standard Ruby", "standardrb", "rake standard", files=".standard.yml"),
            tool("Syntax Tree", "stree check", "stree write", files=".streerc"),
            tool("RubyFmt", "rubyfmt"),
            tool("erb-format", "erb-format"),
        ),
        "coverage": (tool("SimpleCov", "rspec -r simplecov", "rspec --require simplecov",
                          files=".simplecov", declared="simplecov"), tool("rcov", "rcov")),
        "dead_code": (tool("debride", "debride"), tool("unused", "unused")),
        "dependency_audit": (
            tool("bundler-audit", "bundle audit", "bundle-audit", "bundler-audit",
                 "rake bundle:audit", "rake audit", files=".bundler-audit.yml"),
        ),
    },
    commands={
        "test": "bundle exec rspec",
        "lint": "bundle exec rubocop",
        "format": "bundle exec rufo --check .",
        "coverage": "bundle exec rspec -r simplecov",
        "dead_code": "bundle exec debride .",
        "dependency_audit": "bundle exec bundle-audit check --update",
    },
    own_commands={"Puppet": {"test": "pdk test unit", "lint": "puppet-lint manifests"}},
)  # fmt: skip

PERL = Ecosystem(
    languages={"Perl": ".pl .pm .t .xs"},
    manifests="cpanfile makefile.pl",
    marks="build.pl dist.ini meta.json",
    locks="cpanfile.snapshot carton.lock",
    tools={
        "test": (
            tool("prove", "prove", "yath"),
            tool("Build test", "Build test"),
            tool("Dist::Zilla", "dzil test", "minil test"),
        ),
        "lint": (
            tool("Perl::Critic", "perlcritic", files=".perlcriticrc perlcriticrc"),
            tool("perlvars", "perlvars", "podchecker"),
        ),
        "format": (
            tool("Perl::Tidy", "perltidy", files=".perltidyrc perltidyrc"),
            tool("tidyall", "tidyall", files=".tidyallrc tidyall.ini"),
            tool("perlimports", "perlimports"),
        ),
        "coverage": (tool("Devel::Cover", "cover -test", "cover -report", "cover -delete"),),
        "dependency_audit": (tool("CPAN::Audit", "cpan-audit"),),
    },
    commands={
        "test": "prove -lr t",
        "lint": "perlcritic lib",
        "format": "perltidy --assert-tidy lib/*.pm",
        "coverage": "cover -test",
        "dependency_audit": "cpan-audit installed",
    },
)  # fmt: skip

LUA = Ecosystem(
    languages={"Lua": ".lua", "Luau": ".luau"},
    manifests="*.rockspec",
    locks="luarocks.lock",
    tools={
        "test": (
            tool("busted", "busted", files=".busted"),
            tool("luaunit", "luaunit"),
            tool("luarocks test", "luarocks test"),
            tool("plenary", "vusted"),
        ),
        "lint": (
            tool("luacheck", "luacheck", files=".luacheckrc"),
            tool("selene", "selene", files="selene.toml"),
        ),
        "format": (
            tool("StyLua", "stylua", files="stylua.toml .stylua.toml"),
            tool("LuaFormatter", "lua-format", files=".lua-format"),
        ),
        "coverage": (tool("LuaCov", "luacov", "busted --coverage", "busted -c"),),
    },
    commands={
        "test": "busted",
        "lint": "luacheck .",
        "format": "stylua --check .",
        "coverage": "busted --coverage",
    },
)

R = Ecosystem(
    languages={"R": ".r .rmd"},
    manifests="description",
    locks="renv.lock packrat.lock",
    tools={
        "test": (
            tool("R CMD check", "R CMD check", "Rscript *check(*", "R *check(*"),
            tool("testthat", "Rscript *test*", "R *test(*", "R *test_*"),
        ),
        "lint": (tool("lintr", "Rscript *lint*", "R *lint*", files=".lintr"),),
        "format": (
            tool("styler", "Rscript *styler*", "R *styler*"),
            tool("Air", "air format", files="air.toml .air.toml"),
        ),
        "coverage": (tool("covr", "Rscript *covr*", "R *covr*", "Rscript *codecov(*"),),
    },
    commands={
        "test": "R CMD check .",
        "lint": "Rscript -e 'lintr::lint_package()'",
        "format": "air format --check .",
        "coverage": "Rscript -e 'covr::package_coverage()'",
    },
)

JULIA = Ecosystem(
    languages={"Julia": ".jl"},
    manifests="project.toml",
    locks="manifest.toml",
    tools={
        "test": (tool("Pkg.test", "julia *Pkg.test*", "julia *runtests.jl*"),),
        "lint": (tool("JET", "julia *JET*"), tool("Aqua", "julia *Aqua*")),
        "format": (
            tool("JuliaFormatter", "julia *JuliaFormatter*", "jlfmt", files=".juliaformatter.toml"),
            tool("Runic", "runic", "julia *Runic*"),
        ),
        "coverage": (
            tool(
                "Coverage.jl", "julia --code-coverage", "julia *Coverage*", "julia *coverage=true*"
            ),
        ),
    },
    commands={
        "test": "julia --project -e 'using Pkg; Pkg.test()'",
        "lint": "julia -e 'using JET; report_package(\".\")'",
        "format": "julia -e 'using JuliaFormatter; format(\".\") || exit(1)'",
        "coverage": "julia --project -e 'using Pkg; Pkg.test(coverage=true)'",
    },
)

TCL = Ecosystem(
    languages={"Tcl": ".tcl .tm"},
    tools={
        "test": (tool("tcltest", "tclsh *all.tcl"),),
        "lint": (tool("Nagelfar", "nagelfar", "nagelfar.tcl"), tool("tclint", "tclint")),
        "format": (tool("tclfmt", "tclfmt", files="tclint.toml"),),
    },
    commands={"test": "tclsh tests/all.tcl", "lint": "tclint .", "format": "tclfmt --check ."},
)

POWERSHELL = Ecosystem(
    languages={"PowerShell": ".ps1 .psm1 .psd1"},
    tools={
        "test": (tool("Pester", "Invoke-Pester", "pwsh *Pester*"),),
        "lint": (
            tool(
                "PSScriptAnalyzer",
                "Invoke-ScriptAnalyzer",
                "pwsh *ScriptAnalyzer*",
                files="psscriptanalyzersettings.psd1",
            ),
        ),
        "format": (tool("Invoke-Formatter", "Invoke-Formatter", "pwsh *Invoke-Formatter*"),),
        "coverage": (tool("Pester", "Invoke-Pester -CodeCoverage", "pwsh *CodeCoverage*"),),
    },
    commands={
        "test": "pwsh -c Invoke-Pester",
        "lint": "pwsh -c 'Invoke-ScriptAnalyzer . -Recurse'",
        "format": "pwsh -c Invoke-Formatter",
        "coverage": "pwsh -c 'Invoke-Pester -CodeCoverage *.ps1'",
    },
)
