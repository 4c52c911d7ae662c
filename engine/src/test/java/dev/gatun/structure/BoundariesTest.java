package dev.gatun.structure;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.nio.file.Path;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What the compiled engine may name, and a class that breaks each rule.
@Tag("structure")
class BoundariesTest {
  private static final JavaClasses ENGINE =
      new ClassFileImporter().importPath(Path.of("target", "classes"));

  /// Lanes and the loops over them live in one package, an op's kernel beside the op.
  private static final DescribedPredicate<JavaClass> SIMD =
      describe(
          "SIMD kernels",
          c -> c.getPackageName().equals("dev.gatun.cpu.simd") || outermost(c).endsWith("Simd"));

  private static final ArchRule VECTORS =
      noClasses()
          .that(DescribedPredicate.not(SIMD))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("jdk.incubator..")
          .because("without the vector module they could not be loaded");

  private static final ArchRule BINDINGS =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.gatun.bindings.opencl..", "dev.gatun.bindings.cblas..")
          .because("OpenCL is a device of its own module, CBLAS a peer of the benchmarks");

  private static final ArchRule PLATFORM =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideOutsideOfPackages(
              "java..", "jdk.incubator.vector..", "dev.gatun..", "org.jspecify..")
          .because("the engine has no run-time dependency");

  @Test
  void classesAreRead() {
    assertFalse(ENGINE.isEmpty());
    assertTrue(ENGINE.stream().anyMatch(c -> c.getPackageName().equals("dev.gatun.tensor")));
  }

  @Test
  void onlyKernelsNameVectors() {
    holdsAndCatches(VECTORS);
  }

  @Test
  void noForeignBindings() {
    holdsAndCatches(BINDINGS);
  }

  @Test
  void noRunTimeDependency() {
    holdsAndCatches(PLATFORM);
  }

  /// Breaks every rule at once.
  @SuppressWarnings("UnusedVariable") // its fields are there to be seen by the rules
  private static final class Planted {
    final FloatVector vector = FloatVector.zero(FloatVector.SPECIES_64);
    final Class<?> bindings = dev.gatun.bindings.opencl.CL.class;
    final Class<?> library = org.junit.jupiter.api.Test.class;
  }

  private static void holdsAndCatches(ArchRule rule) {
    rule.check(ENGINE);
    JavaClasses planted = new ClassFileImporter().importClasses(Planted.class);
    assertThrows(AssertionError.class, () -> rule.check(planted));
  }

  private static String outermost(JavaClass type) {
    JavaClass c = type;
    while (c.getEnclosingClass().isPresent()) {
      c = c.getEnclosingClass().get();
    }
    return c.getSimpleName();
  }
}
