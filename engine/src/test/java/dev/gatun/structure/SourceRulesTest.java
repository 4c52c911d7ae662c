package dev.gatun.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The rules over the repository, and each rule over a source that breaks it.
@Tag("structure")
class SourceRulesTest {
  private static final List<Source> REPOSITORY = Source.repository();

  @Test
  void theWholeRepositoryIsRead() {
    for (String module : List.of("engine/", "opencl/", "samples/")) {
      assertTrue(REPOSITORY.stream().anyMatch(s -> s.path().startsWith(module)), module);
    }
  }

  @Test
  void filesAndMethodsAreSmall() {
    holds(SourceRules.sizes(REPOSITORY));
  }

  @Test
  void namesSaySomething() {
    holds(SourceRules.names(REPOSITORY));
  }

  @Test
  void nothingStaticChanges() {
    holds(SourceRules.state(REPOSITORY));
  }

  @Test
  void packagesAreSmall() {
    holds(SourceRules.packages(REPOSITORY));
  }

  @Test
  void aLongFileIsSeen() {
    String text = "class A {}\n" + "\n".repeat(SourceRules.FILE_LINES);
    assertEquals(
        List.of("engine/src/main/java/A.java has 501 lines, more than 500"),
        SourceRules.sizes(List.of(main("A", text))));
  }

  @Test
  void aLongMethodIsSeen() {
    String body = "class A { void f() {\n" + "f();\n".repeat(50) + "} }\n";
    assertEquals(
        List.of("engine/src/main/java/A.java: A.f has 52 lines, more than 40"),
        SourceRules.sizes(List.of(main("A", body))));
    assertEquals(List.of(), SourceRules.sizes(List.of(main("ASimd", body))));
    String reference = body.replace("void f()", "void reference()");
    assertEquals(List.of(), SourceRules.sizes(List.of(main("A", reference))));
  }

  @Test
  void aVagueNameIsSeen() {
    assertEquals(1, SourceRules.names(List.of(main("A", "class A { class ShapeUtil {} }"))).size());
    assertEquals(1, SourceRules.names(List.of(main("A", "package a.common; class A {}"))).size());
  }

  @Test
  void staticStateIsSeen() {
    assertEquals(1, SourceRules.state(List.of(main("A", "class A { static int n; }"))).size());
    String local = "class A { final ThreadLocal<String> a = new ThreadLocal<>(); }";
    assertEquals(1, SourceRules.state(List.of(main("A", local))).size());
    assertEquals(0, SourceRules.state(List.of(main("A", "interface A { int n = 1; }"))).size());
  }

  @Test
  void aCrowdedPackageIsSeen() {
    var crowd = Collections.nCopies(16, main("A", "package a; public class A {}"));
    assertEquals(List.of("a has 16 public types, more than 15"), SourceRules.packages(crowd));
  }

  private static Source main(String name, String text) {
    return Source.of("engine/src/main/java/" + name + ".java", text);
  }

  private static void holds(List<String> violations) {
    assertTrue(violations.isEmpty(), () -> String.join("\n", violations));
  }
}
