"""C#, F# and Visual Basic."""

from gitlab_sync.rules.projects.ecosystems.ecosystem import Ecosystem, tool

DOTNET = Ecosystem(
    languages={"C#": ".cs .razor .cshtml", "F#": ".fs .fsx", "Visual Basic": ".vb"},
    manifests=(
        "*.csproj *.fsproj *.vbproj directory.build.props directory.packages.props packages.config"
    ),
    marks="*.sln *.slnx global.json paket.dependencies",
    locks="packages.lock.json paket.lock project.assets.json",
    tools={
        "test": (
            tool("dotnet test", "dotnet test", "dotnet vstest", "vstest.console"),
            tool("xUnit", "xunit.console", "xunit.console.clr4"),
            tool("NUnit", "nunit3-console", "nunit-console", "nunit-console4"),
            tool("MSTest", "mstest"),
            tool("Unity's tests", "unity-editor -runTests", "Unity -runTests", "unity -runTests"),
        ),
        "lint": (
            tool("dotnet format analyzers", "dotnet format analyzers", "dotnet format style"),
            tool("StyleCop", files="stylecop.json settings.stylecop",
                 declared="stylecop.analyzers"),
            tool("Roslynator", "roslynator analyze", declared="roslynator.analyzers",
                 files=".roslynatorconfig"),
            tool(".NET analyzers", declared="microsoft.codeanalysis.netanalyzers "
                 "microsoft.codeanalysis.fxcopanalyzers <analysismode> <analysislevel> "
                 "<enforcecodestyleinbuild>true"),
            tool("SonarAnalyzer", declared="sonaranalyzer.csharp"),
            tool("Meziantou.Analyzer", declared="meziantou.analyzer"),
            tool("Roslyn rule set", files="*.ruleset .globalconfig"),
            tool("InspectCode", "jb inspectcode", "inspectcode", "inspectcode.sh"),
            tool("FSharpLint", "dotnet fsharplint", "fsharplint", files="fsharplint.json"),
            tool("Gendarme", "gendarme"),
        ),
        "format": (
            tool("dotnet format", "dotnet format", "dotnet dotnet-format", "dotnet-format"),
            tool("CSharpier", "csharpier", "dotnet csharpier", "dotnet-csharpier",
                 files=".csharpierrc .csharpierrc.*", declared="csharpier.msbuild"),
            tool("Fantomas", "fantomas", "dotnet fantomas"),
            tool("ReSharper's clean-up", "jb cleanupcode", "cleanupcode", "cleanupcode.sh",
                 files="*.sln.dotsettings"),
        ),
        "coverage": (
            tool("Coverlet", "coverlet", "dotnet /p:CollectCoverage", "dotnet -p:CollectCoverage",
                 "dotnet --collect", "dotnet --coverage"),
            tool("dotnet-coverage", "dotnet-coverage", "dotnet coverage"),
            tool("dotCover", "dotcover", "dotnet dotcover", "dotCover.sh"),
            tool("OpenCover", "opencover.console", "OpenCover.Console"),
            tool("AltCover", "altcover", "dotnet /p:AltCover"),
            tool("ReportGenerator", "reportgenerator"),
        ),
        "dependency_audit": (
            tool("dotnet list package --vulnerable", "dotnet --vulnerable"),
            tool("NuGet audit", declared="<nugetaudit>true <nugetauditmode>"),
        ),
        "changelog": (tool("Versionize", "versionize"),),
    },
    commands={
        "test": "dotnet test",
        "lint": "dotnet format analyzers --verify-no-changes",
        "format": "dotnet format whitespace --verify-no-changes",
        "coverage": "dotnet test --collect 'XPlat Code Coverage'",
        "dependency_audit": "dotnet list package --vulnerable",
    },
)  # fmt: skip
