"""Go, Rust, Swift, Dart, Zig, D, Nim, Crystal and Ada."""

from gitlab_sync.rules.projects.ecosystems.ecosystem import Ecosystem, tool

GO = Ecosystem(
    languages={"Go": ".go"},
    manifests="go.mod",
    locks="go.sum",
    tools={
        "test": (
            tool("go test", "go test"),
            tool("gotestsum", "gotestsum", "gotest", "richgo test"),
            tool("Ginkgo", "ginkgo"),
        ),
        "lint": (
            tool(
                "golangci-lint", "golangci-lint run", "golangci-lint $",
                files=".golangci.yml .golangci.yaml .golangci.toml .golangci.json",
            ),
            tool("staticcheck", "staticcheck", files="staticcheck.conf"),
            tool("revive", "revive", files="revive.toml .revive.toml"),
            tool("go vet", "go vet"),
            tool("golint", "golint"),
            tool("gocritic", "gocritic"),
            tool("errcheck", "errcheck"),
            tool("nilaway", "nilaway"),
            tool("gometalinter", "gometalinter", files=".gometalinter.json"),
        ),
        "format": (
            tool("gofmt", "gofmt", "go fmt", "go-fmt"),
            tool("goimports", "goimports"),
            tool("gofumpt", "gofumpt"),
            tool("gci", "gci"),
            tool("golines", "golines"),
            tool("golangci-lint fmt", "golangci-lint fmt"),
        ),
        "type_check": (tool("Go compiler", "go build", "go vet", "go install"),),
        "coverage": (
            tool(
                "go test -cover", "go -cover", "go -coverprofile", "gotestsum -cover",
                "gotestsum -coverprofile", "ginkgo -cover", "ginkgo --cover",
                "ginkgo -coverprofile",
            ),
            tool("go tool cover", "cover -func", "cover -html"),
            tool("go-test-coverage", "go-test-coverage", files=".testcoverage.yml"),
            tool("gocov", "gocov", "gocov-xml", "gocover-cobertura", "overalls", "goveralls"),
        ),
        "dead_code": (
            tool("deadcode", "deadcode"),
            tool("staticcheck", "staticcheck"),
            tool("unused", "unused"),
            tool("unparam", "unparam"),
        ),
        "dependency_audit": (tool("govulncheck", "govulncheck"), tool("nancy", "nancy")),
        "changelog": (
            tool(
                "GoReleaser", "goreleaser release", "goreleaser $",
                files=".goreleaser.yml .goreleaser.yaml goreleaser.yml goreleaser.yaml",
            ),
            tool("git-chglog", "git-chglog", files=".chglog/config.yml"),
        ),
    },
    commands={
        "test": "go test ./...",
        "lint": "golangci-lint run",
        "format": 'test -z "$(gofmt -l .)"',
        "type_check": "go vet ./...",
        "coverage": "go test -coverprofile=coverage.out ./...",
        "dead_code": "deadcode ./...",
        "dependency_audit": "govulncheck ./...",
    },
)  # fmt: skip

RUST = Ecosystem(
    languages={"Rust": ".rs"},
    manifests="cargo.toml",
    locks="cargo.lock",
    tools={
        "test": (
            tool("cargo test", "cargo test", "cargo t", "cargo hack test", "cross test"),
            tool("cargo nextest", "cargo nextest", "cargo-nextest"),
            tool("cargo llvm-cov", "cargo llvm-cov"),
            tool("cargo tarpaulin", "cargo tarpaulin"),
            tool("wasm-pack", "wasm-pack test"),
        ),
        "lint": (
            tool("clippy", "cargo clippy", "cargo-clippy", "clippy-driver", "cargo hack clippy",
                 "cross clippy", files="clippy.toml .clippy.toml"),
            tool("dylint", "cargo dylint", files="dylint.toml"),
        ),
        "format": (
            tool("rustfmt", "cargo fmt", "cargo-fmt", "rustfmt",
                 files="rustfmt.toml .rustfmt.toml"),
        ),
        "type_check": (tool("Rust compiler", "cargo check", "cargo build", "cargo clippy"),),
        "coverage": (
            tool("cargo llvm-cov", "cargo llvm-cov"),
            tool("cargo tarpaulin", "cargo tarpaulin"),
            tool("grcov", "grcov"),
            tool("kcov", "cargo kcov", "kcov"),
        ),
        "dead_code": (tool("cargo machete", "cargo machete", "cargo udeps", "cargo shear"),),
        "dependency_audit": (
            tool("cargo audit", "cargo audit", "cargo-audit"),
            tool("cargo deny", "cargo deny", "cargo-deny", files="deny.toml .deny.toml"),
        ),
        "changelog": (
            tool("release-plz", "release-plz", files="release-plz.toml .release-plz.toml"),
            tool("Cocogitto", "cog changelog", "cog bump", files="cog.toml"),
        ),
    },
    commands={
        "test": "cargo test",
        "lint": "cargo clippy -- -D warnings",
        "format": "cargo fmt --check",
        "type_check": "cargo check",
        "coverage": "cargo llvm-cov --fail-under-lines 80",
        "dead_code": "cargo machete",
        "dependency_audit": "cargo audit",
    },
)  # fmt: skip

SWIFT = Ecosystem(
    languages={"Swift": ".swift"},
    manifests="package.swift podfile",
    marks="cartfile project.yml",
    locks="package.resolved podfile.lock cartfile.resolved",
    tools={
        "test": (
            tool("swift test", "swift test"),
            tool("xcodebuild", "xcodebuild test", "xcodebuild test-without-building"),
            tool("fastlane", "fastlane test", "fastlane scan", "fastlane tests"),
        ),
        "lint": (tool("SwiftLint", "swiftlint", files=".swiftlint.yml .swiftlint.yaml",
                      declared="swiftlint"),),
        "format": (
            tool("swift-format", "swift-format", "swift format", files=".swift-format"),
            tool("SwiftFormat", "swiftformat", files=".swiftformat", declared="swiftformat"),
        ),
        "coverage": (
            tool("swift test", "swift --enable-code-coverage"),
            tool("xcov", "xcov", "slather", "fastlane xcov", "xcrun xccov", "xcrun llvm-cov",
                 files=".slather.yml"),
            tool("xcodebuild", "xcodebuild -enableCodeCoverage"),
        ),
        "dead_code": (tool("Periphery", "periphery scan", files=".periphery.yml"),),
    },
    commands={
        "test": "swift test",
        "lint": "swiftlint lint --strict",
        "format": "swift format lint --strict --recursive .",
        "coverage": "swift test --enable-code-coverage",
        "dead_code": "periphery scan",
        "dependency_audit": "osv-scanner scan .",
    },
)  # fmt: skip

DART = Ecosystem(
    languages={"Dart": ".dart"},
    manifests="pubspec.yaml",
    locks="pubspec.lock",
    tools={
        "test": (
            tool("flutter test", "flutter test", "flutter drive", "fvm flutter test"),
            tool("dart test", "dart test", "dart run test", "pub run test"),
            tool("very_good test", "very_good test"),
            tool("patrol", "patrol test"),
        ),
        "lint": (
            tool("flutter analyze", "flutter analyze", "fvm flutter analyze",
                 files="analysis_options.yaml"),
            tool("dart analyze", "dart analyze", "dartanalyzer", "fvm dart analyze"),
            tool("DCM", "dcm analyze", "flutter pub run dart_code_metrics"),
        ),
        "format": (
            tool("dart format", "dart format", "dartfmt", "flutter format", "fvm dart format"),
        ),
        "coverage": (
            tool("flutter test --coverage", "flutter --coverage", "fvm --coverage",
                 "very_good --coverage", "very_good --min-coverage"),
            tool("dart test --coverage", "dart --coverage", "dart run coverage",
                 "test_with_coverage", "dart pub global run coverage"),
        ),
        "dead_code": (tool("DCM", "dcm check-unused-code", "dcm check-unused-files"),),
    },
    commands={
        "test": "flutter test",
        "lint": "flutter analyze",
        "format": "dart format --set-exit-if-changed .",
        "coverage": "flutter test --coverage",
        "dependency_audit": "osv-scanner scan .",
    },
)  # fmt: skip

ZIG = Ecosystem(
    languages={"Zig": ".zig"},
    marks="build.zig.zon build.zig",
    tools={
        "test": (tool("zig build test", "zig build test", "zig test"),),
        "format": (tool("zig fmt", "zig fmt"),),
        "lint": (tool("zlint", "zlint", "ziglint"),),
        "coverage": (tool("kcov", "kcov"),),
    },
    commands={
        "test": "zig build test",
        "format": "zig fmt --check .",
        "lint": "zlint",
        "coverage": "kcov coverage zig-out/bin/test",
    },
)

D = Ecosystem(
    languages={"D": ".d .di"},
    manifests="dub.json",
    marks="dub.sdl",
    locks="dub.selections.json",
    tools={
        "test": (tool("dub test", "dub test", "rdmd -unittest"), tool("Meson", "meson test")),
        "lint": (tool("D-Scanner", "dscanner", "dub lint", files="dscanner.ini .dscanner.ini"),),
        "format": (tool("dfmt", "dfmt"),),
        "coverage": (tool("dub test --coverage", "dub --coverage", "dub -b=unittest-cov"),),
    },
    commands={
        "test": "dub test",
        "lint": "dub lint",
        "format": "dfmt --check .",
        "coverage": "dub test --coverage",
    },
)

NIM = Ecosystem(
    languages={"Nim": ".nim .nims"},
    marks="*.nimble",
    locks="nimble.lock",
    tools={
        "test": (tool("nimble test", "nimble test", "testament"),),
        "format": (tool("nimpretty", "nimpretty"), tool("nph", "nph")),
        "lint": (tool("nim check", "nim check"),),
        "coverage": (tool("coco", "coco"), tool("lcov", "lcov"), tool("gcovr", "gcovr")),
    },
    commands={
        "test": "nimble test",
        "format": "nph --check .",
        "lint": "nim check src/*.nim",
        "coverage": "coco",
    },
)

CRYSTAL = Ecosystem(
    languages={"Crystal": ".cr"},
    manifests="shard.yml",
    locks="shard.lock",
    tools={
        "test": (tool("crystal spec", "crystal spec"),),
        "lint": (tool("Ameba", "ameba", files=".ameba.yml"),),
        "format": (tool("crystal tool format", "crystal tool format"),),
        "coverage": (tool("kcov", "kcov", "crkcov"),),
    },
    commands={
        "test": "crystal spec",
        "lint": "ameba",
        "format": "crystal tool format --check",
        "coverage": "crkcov",
    },
)

ADA = Ecosystem(
    languages={"Ada": ".adb .ads"},
    marks="alire.toml *.gpr",
    locks="alire.lock",
    tools={
        "test": (tool("AUnit", "gnattest", "alr test"),),
        "lint": (tool("GNATcheck", "gnatcheck", "gnatprove", "codepeer"),),
        "format": (tool("gnatpp", "gnatpp", "gnatformat", "adafmt"),),
        "coverage": (tool("GNATcoverage", "gnatcov"), tool("gcovr", "gcovr"), tool("lcov", "lcov")),
    },
    commands={
        "test": "alr test",
        "lint": "gnatcheck -P project.gpr",
        "format": "gnatformat --check",
        "coverage": "gnatcov coverage",
    },
)
