"""Java, Kotlin, Groovy, Scala and Clojure: Maven, Gradle, sbt, Leiningen."""

from gitlab_sync.rules.projects.ecosystems.ecosystem import Ecosystem, tool

JVM = Ecosystem(
    languages={"Java": ".java", "Kotlin": ".kt .kts", "Groovy": ".groovy"},
    manifests="pom.xml build.gradle build.gradle.kts libs.versions.toml",
    marks="build.xml settings.gradle settings.gradle.kts",
    locks="gradle.lockfile verification-metadata.xml",
    tools={
        "test": (
            tool(
                "Maven", "mvn test", "mvn verify", "mvn package", "mvn install", "mvn deploy",
                "mvn integration-test", "mvn surefire:*", "mvn failsafe:*",
            ),
            tool(
                "Gradle", "gradle test", "gradle check", "gradle build", "gradle test*UnitTest",
                "gradle integrationTest", "gradle connected*", "gradle allTests", "gradle *Test",
                "gradle testDebug", "gradle testRelease", "gradle buildNeeded", "gradle jvmTest",
            ),
            tool("Ant", "ant test", "ant junit", "ant check"),
            tool("Bazel", "bazel test", "bazel coverage", "bazelisk test"),
            tool("JUnit", "junit-platform-console*"),
            tool("Maestro", "maestro test", "maestro cloud"),
        ),
        "lint": (
            tool(
                "Checkstyle", "checkstyle", "mvn checkstyle:*", "gradle checkstyle*",
                files="checkstyle*.xml *checkstyle.xml *checkstyle*.xml",
                declared="maven-checkstyle-plugin 'checkstyle' \"checkstyle\"",
            ),
            tool(
                "PMD", "pmd", "mvn pmd:*", "gradle pmd*", files="pmd*.xml *pmd.xml",
                declared="maven-pmd-plugin 'pmd' \"pmd\"",
            ),
            tool(
                "SpotBugs", "spotbugs", "mvn spotbugs:*", "mvn findbugs:*", "gradle spotbugs*",
                files="spotbugs*.xml findbugs*.xml",
                declared="spotbugs-maven-plugin findbugs-maven-plugin com.github.spotbugs",
            ),
            tool("Error Prone", declared="error_prone_core net.ltgt.errorprone"),
            tool("Android Lint", "gradle lint", "gradle lint*", files="lint.xml"),
            tool(
                "detekt", "detekt", "detekt-cli", "gradle detekt*",
                files="detekt*.yml detekt*.yaml",
                declared="io.gitlab.arturbosch.detekt dev.detekt detekt-gradle-plugin "
                "detekt-maven-plugin",
            ),
            tool(
                "ktlint", "ktlint", "gradle ktlint*", "gradle lintKotlin*", "mvn ktlint:*",
                declared="org.jlleitschuh.gradle.ktlint org.jmailen.kotlinter ktlint-gradle "
                "ktlint-maven-plugin",
            ),
            tool("CodeNarc", "gradle codenarc*", "codenarc", "npm-groovy-lint",
                 declared="'codenarc' \"codenarc\""),
            tool("OpenRewrite", "mvn rewrite:*", "gradle rewrite*", declared="org.openrewrite"),
            tool("qodana", "qodana", files="qodana.yaml qodana.yml"),
        ),
        "format": (
            tool(
                "Spotless", "mvn spotless:*", "gradle spotless*",
                declared="spotless-maven-plugin com.diffplug.spotless com.diffplug.gradle.spotless "
                "spotless-plugin-gradle",
            ),
            tool(
                "google-java-format", "google-java-format",
                "gradle verifyGoogleJavaFormat", "gradle googleJavaFormat",
                "mvn fmt:*", "mvn git-code-format:*",
                declared="com.github.sherter.google-java-format fmt-maven-plugin "
                "googleformatter-maven-plugin git-code-format-maven-plugin "
                "com.palantir.java-format",
            ),
            tool(
                "Eclipse formatter", "mvn formatter:*",
                files="*eclipse*format*.xml *format*eclipse*.xml eclipse*style*.xml "
                "*java*format*.xml *code*format*.xml formatter.xml org.eclipse.jdt.core.prefs",
                declared="formatter-maven-plugin",
            ),
            tool("IntelliJ code style", files=".idea/codestyles/project.xml"),
            tool(
                "ktlint", "ktlint", "gradle ktlint*", "gradle formatKotlin", "gradle lintKotlin*",
                declared="org.jlleitschuh.gradle.ktlint org.jmailen.kotlinter ktlint-gradle",
            ),
            tool(
                "ktfmt", "ktfmt", "gradle ktfmt*", "mvn ktfmt:*",
                declared="com.ncorti.ktfmt.gradle ktfmt-gradle ktfmt-maven-plugin",
            ),
            tool("Spring Java Format", "mvn spring-javaformat:*", "gradle checkFormat*",
                 "gradle format", declared="io.spring.javaformat"),
            tool("Prettier for Java", "mvn prettier:*", declared="prettier-maven-plugin"),
        ),
        "type_check": (
            tool(
                "Java compiler", "mvn compile", "mvn test", "mvn verify", "mvn package",
                "mvn install", "gradle build", "gradle check", "gradle test", "gradle compileJava",
            ),
        ),
        "coverage": (
            tool(
                "JaCoCo", "mvn jacoco:*", "gradle jacoco*", "gradle *Jacoco*",
                "gradle create*CoverageReport", "gradle *CoverageReport",
                "gradle testCodeCoverageReport", "jacococli", "jacococli.jar",
                declared="jacoco-maven-plugin finalizedbyjacocotestreport finalizedby'jacocot "
                "finalizedby(jacocot finalizedby(tasks.jacocot finalizedby(\"jacocot "
                "finalizedby(tasks.named(\"jacocot finalizedby(tasks.named('jacocot",
            ),
            tool("Kover", "gradle kover*", declared="org.jetbrains.kotlinx.kover"),
            tool("Cobertura", "mvn cobertura:*", "gradle cobertura*",
                 declared="cobertura-maven-plugin"),
            tool("Clover", "mvn clover:*", "mvn openclover:*", "gradle clover*"),
        ),
        "dependency_audit": (
            tool(
                "OWASP Dependency-Check", "mvn dependency-check:*", "gradle dependencyCheck*",
                "dependency-check.sh", "dependency-check",
                declared="dependency-check-maven org.owasp.dependencycheck",
            ),
            tool("OSS Index", "mvn ossindex:*", "gradle ossIndexAudit",
                 declared="ossindex-maven-plugin org.sonatype.gradle.plugins.scan"),
        ),
        "changelog": (
            tool("maven-changes-plugin", "mvn changes:*", declared="maven-changes-plugin"),
            tool("JReleaser", "jreleaser", "mvn jreleaser:*", "gradle jreleaser*",
                 files="jreleaser.yml jreleaser.toml"),
            tool("git-changelog", "mvn git-changelog*", "gradle gitChangelog",
                 declared="git-changelog-maven-plugin se.bjurr.gitchangelog"),
        ),
    },
    commands={
        "test": "mvn verify",
        "lint": "mvn checkstyle:check",
        "format": "mvn spotless:check",
        "type_check": "mvn compile",
        "coverage": "mvn jacoco:check",
        "dependency_audit": "mvn dependency-check:check",
    },
    own_commands={
        "Kotlin": {
            "test": "./gradlew test",
            "lint": "./gradlew detekt",
            "format": "./gradlew ktlintCheck",
            "coverage": "./gradlew koverVerify",
            "dependency_audit": "./gradlew dependencyCheckAnalyze",
        },
        "Groovy": {
            "test": "./gradlew test",
            "lint": "./gradlew codenarcMain",
            "format": "./gradlew spotlessCheck",
            "coverage": "./gradlew jacocoTestReport",
            "dependency_audit": "./gradlew dependencyCheckAnalyze",
        },
    },
)  # fmt: skip

SCALA = Ecosystem(
    languages={"Scala": ".scala .sc"},
    manifests="build.sbt plugins.sbt",
    marks="build.sc build.mill",
    locks="build.sbt.lock",
    tools={
        "test": (
            tool("sbt test", "sbt test", "sbt +test", "sbt test:*", "sbt testOnly*", "sbt */test",
                 "sbt Test/*", "sbt testQuick", "sbt it:test", "sbt ci", "sbt validate"),
            tool("Mill", "mill __.test", "mill *.test"),
            tool("Scala CLI", "scala-cli test", "scala test"),
        ),
        "lint": (
            tool("Scalafix", "scalafix", "sbt scalafix*", "sbt *scalafix*", files=".scalafix.conf",
                 declared="sbt-scalafix"),
            tool("WartRemover", declared="sbt-wartremover"),
            tool("Scalastyle", "scalastyle", "sbt scalastyle", files="scalastyle-config.xml",
                 declared="scalastyle-sbt-plugin"),
            tool("Scapegoat", "sbt scapegoat", declared="sbt-scapegoat"),
        ),
        "format": (
            tool("scalafmt", "scalafmt", "sbt scalafmt*", "sbt *scalafmt*", "mill *checkFormat*",
                 files=".scalafmt.conf", declared="sbt-scalafmt"),
            tool("scalariform", "sbt scalariformFormat", declared="sbt-scalariform"),
        ),
        "coverage": (tool("scoverage", "sbt coverage*", "sbt *coverage*", "mill *scoverage*"),),
        "dependency_audit": (
            tool("sbt-dependency-check", "sbt dependencyCheck*", declared="sbt-dependency-check"),
        ),
    },
    commands={
        "test": "sbt test",
        "lint": "sbt 'scalafixAll --check'",
        "format": "sbt scalafmtCheckAll",
        "coverage": "sbt coverage test coverageReport",
        "dependency_audit": "sbt dependencyCheck",
    },
)  # fmt: skip

CLOJURE = Ecosystem(
    languages={"Clojure": ".clj .cljs .cljc"},
    manifests="project.clj deps.edn",
    marks="build.boot shadow-cljs.edn bb.edn",
    tools={
        "test": (
            tool("clojure.test", "lein test", "lein midje", "lein check", "lein cljsbuild test",
                 "clojure -X:test", "clojure -M:test", "clj -X:test", "clj -M:test", "boot test"),
            tool("Kaocha", "kaocha", "bin/kaocha"),
        ),
        "lint": (
            tool("clj-kondo", "clj-kondo", files=".clj-kondo/config.edn"),
            tool("Eastwood", "lein eastwood", declared="jonase/eastwood"),
            tool("Kibit", "lein kibit"),
        ),
        "format": (
            tool("cljfmt", "cljfmt", "lein cljfmt", files=".cljfmt.edn cljfmt.edn",
                 declared="lein-cljfmt"),
            tool("zprint", "zprint", files=".zprint.edn .zprintrc"),
            tool("cljstyle", "cljstyle", files=".cljstyle"),
        ),
        "coverage": (tool("Cloverage", "lein cloverage", "cloverage", "clojure -M:coverage"),),
        "dependency_audit": (
            tool("nvd-clojure", "lein nvd", "nvd-clojure"), tool("clj-watson", "clj-watson"),
        ),
    },
    commands={
        "test": "lein test",
        "lint": "clj-kondo --lint src test",
        "format": "cljfmt check",
        "coverage": "lein cloverage",
        "dependency_audit": "clj-watson scan",
    },
)  # fmt: skip
