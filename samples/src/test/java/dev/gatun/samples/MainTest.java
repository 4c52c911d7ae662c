package dev.gatun.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MainTest {
  @Test
  void wrongCommandLinesAreOneSentence() {
    for (String[] args : new String[][] {{}, {"nonsense"}, {"conform"}, {"lesson", "x"}}) {
      Console c = Console.run(args);
      assertEquals(2, c.code(), c.toString());
      assertEquals(1, c.err().lines().count(), c.err());
      assertTrue(c.err().contains("--help"), c.err());
      assertEquals("", c.out());
    }
  }

  @Test
  void helpNamesEveryCommand() {
    Console c = Console.run("--help");
    assertEquals(0, c.code());
    for (String command :
        new String[] {
          "doctor", "conform", "train-digits", "lesson", "version", "embed", "search", "vad"
        }) {
      assertTrue(c.out().contains(command), c.out());
    }
    assertEquals(0, Console.run("conform", "--help").code());
  }

  @Test
  void versionNamesTheJvm() {
    Console c = Console.run("version");
    assertEquals(0, c.code());
    assertTrue(c.out().startsWith("gatun ") && c.out().contains(Runtime.version().toString()));
  }

  @Test
  void doctorSaysWhatThereIs() {
    Console c = Console.run("doctor");
    assertEquals(0, c.code(), c.err());
    for (String line :
        new String[] {
          "JDK", "C2", "SVML", "ISA", "huge pages", "native access", "OpenCL devices"
        }) {
      assertTrue(c.out().contains("\n" + line), c.out());
    }
    assertTrue(c.out().toLowerCase(java.util.Locale.ROOT).contains("missing"), c.out());
  }
}
