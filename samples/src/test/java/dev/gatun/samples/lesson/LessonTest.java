package dev.gatun.samples.lesson;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.opencl.OpenClDevice;
import dev.gatun.samples.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class LessonTest {
  private static final Path SOURCES =
      Path.of("src", "main", "java", "dev", "gatun", "samples", "lesson");

  @Test
  void lessonsPrintWhatTheirSourcesSay() throws IOException {
    lessonPrints(1, "L01Tensors.java");
    lessonPrints(2, "L02Attention.java");
    lessonPrints(3, "L03Models.java");
    lessonPrints(5, "L05StateSpaces.java");
    lessonPrints(6, "L06Scans.java");
  }

  @Test
  void lwjglLessonPrintsWhatItsSourceSaysWhereThereIsADevice() throws IOException {
    assumeTrue(OpenClDevice.missing().isEmpty());
    lessonPrints(4, "L04Lwjgl.java");
  }

  @Test
  void lwjglLessonSaysInOneSentenceThatThereIsNoDevice() {
    System.setProperty("gatun.opencl.library", "not-there");
    try {
      Console c = Console.run("lesson", "4");
      assertEquals(0, c.code(), c.err());
      assertEquals(1, c.out().lines().count(), c.out());
      assertTrue(c.out().contains("needs an OpenCL device"), c.out());
    } finally {
      System.clearProperty("gatun.opencl.library");
    }
  }

  @Test
  void thereIsNoOtherLesson() {
    assertEquals(2, Console.run("lesson", "0").code());
    assertEquals(2, Console.run("lesson", "99").code());
  }

  private static void lessonPrints(int number, String file) throws IOException {
    List<String> source = Files.readAllLines(SOURCES.resolve(file));
    assertTrue(source.size() <= 200, file + " has " + source.size() + " lines");
    int run = source.indexOf("// How to run:");
    assertEquals("//   ./gatun lesson " + number, source.get(run + 1));
    int start = source.indexOf("// Expected output:");
    List<String> expected =
        source.subList(start + 1, source.size()).stream()
            .map(l -> l.replaceFirst("^//( {3})?", ""))
            .toList();
    Console c = Console.run("lesson", Integer.toString(number));
    assertEquals(0, c.code(), c.err());
    assertEquals(expected, c.out().lines().toList());
  }
}
