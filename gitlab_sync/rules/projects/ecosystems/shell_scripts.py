"""Shell, and what describes machines: Terraform and Nix."""

from gitlab_sync.rules.projects.ecosystems.ecosystem import Ecosystem, tool

SHELL = Ecosystem(
    languages={"Shell": ".sh .bash .zsh .ksh .fish .bats .ebuild .eclass"},
    tools={
        "test": (
            tool("Bats", "bats", "bats-core"),
            tool("ShellSpec", "shellspec", files=".shellspec"),
            tool("shUnit2", "shunit2"),
            tool("Kyua", "kyua test"),
            tool("bashunit", "bashunit"),
            tool("Sharness", "sharness"),
            tool("goss", "goss validate", "dgoss run"),
            tool("container-structure-test", "container-structure-test"),
            tool("Testinfra", "testinfra", "molecule test"),
        ),
        "lint": (
            tool("ShellCheck", "shellcheck", files=".shellcheckrc shellcheckrc"),
            tool("bashate", "bashate"),
            tool("checkbashisms", "checkbashisms"),
            tool("shellharden", "shellharden"),
        ),
        "format": (
            tool("shfmt", "shfmt", files=".shfmt"),
            tool("beautysh", "beautysh"),
            tool("fish_indent", "fish_indent"),
        ),
        "coverage": (
            tool("kcov", "kcov"), tool("bashcov", "bashcov"), tool("ShellSpec", "shellspec --kcov"),
        ),
    },
    commands={
        "test": "bats tests",
        "lint": "shellcheck *.sh",
        "format": "shfmt --diff .",
        "coverage": "kcov coverage bats tests",
    },
)  # fmt: skip

TERRAFORM = Ecosystem(
    languages={"Terraform": ".tf .tofu"},
    locks=".terraform.lock.hcl",
    tools={
        "test": (
            tool("terraform test", "terraform test", "tofu test", "gitlab-terraform test",
                 "gitlab-tofu test"),
        ),
        "lint": (
            tool("TFLint", "tflint", files=".tflint.hcl"),
            tool("terraform validate", "terraform validate", "tofu validate",
                 "gitlab-terraform validate", "gitlab-tofu validate"),
        ),
        "format": (
            tool("terraform fmt", "terraform fmt", "tofu fmt", "gitlab-terraform fmt",
                 "gitlab-tofu fmt", "terragrunt hclfmt"),
        ),
        "dependency_audit": (
            tool("Trivy", "trivy config"), tool("Checkov", "checkov", files=".checkov.yml "
                                                ".checkov.yaml"),
        ),
    },
    commands={
        "test": "terraform test",
        "lint": "tflint --recursive",
        "format": "terraform fmt -check -recursive",
    },
)  # fmt: skip

NIX = Ecosystem(
    languages={"Nix": ".nix"},
    tools={
        "test": (tool("nix flake check", "nix flake check"),),
        "lint": (tool("statix", "statix check", files="statix.toml"),),
        "format": (
            tool("nixfmt", "nixfmt"), tool("alejandra", "alejandra"),
            tool("nixpkgs-fmt", "nixpkgs-fmt"),
            tool("treefmt", "treefmt", "nix fmt", files="treefmt.toml treefmt.nix"),
        ),
        "dead_code": (tool("deadnix", "deadnix"),),
        "dependency_audit": (tool("vulnix", "vulnix"),),
    },
    commands={
        "test": "nix flake check",
        "lint": "statix check",
        "format": "nix fmt -- --check .",
        "dead_code": "deadnix --fail",
    },
)  # fmt: skip
