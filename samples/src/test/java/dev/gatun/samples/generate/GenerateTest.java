package dev.gatun.samples.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.samples.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `gatun generate`, with a trained model where one is at hand.
class GenerateTest {
  private static String model() {
    Path root = Path.of("").toAbsolutePath();
    Path project = Files.exists(root.resolve("engine")) ? root : root.resolve("..");
    Path file = project.resolve("../shared/rwkv/tiny-rwkv-5v2-730K-FP32.bin");
    assumeTrue(Files.exists(file), "no ../shared/rwkv");
    return file.toString();
  }

  @Test
  void goesOnWithThePrompt() {
    String[] command = {
      "generate", "--model", model(), "--tokens", "30", "--seed", "1", "Create a "
    };
    Console first = Console.run(command);
    assertEquals(0, first.code(), first.err());
    assertTrue(first.out().startsWith("Create a "), first.out());
    assertEquals(first.out(), Console.run(command).out());
  }

  @Test
  void printsTheScoresOfAllBytes() {
    Console run = Console.run("generate", "--model", model(), "--logits", "\"in");
    assertEquals(0, run.code(), run.err());
    assertEquals(256, run.out().strip().lines().count());
    run.out().strip().lines().forEach(Float::parseFloat);
  }

  @Test
  void saysWhatIsWrong(@TempDir Path folder) throws IOException {
    Path other = Files.writeString(folder.resolve("other.bin"), "nothing that is a model at all");
    Console run = Console.run("generate", "--model", other.toString(), "x");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("other.bin: the file must start with 0x67676d66"), run.err());
    for (String[] wrong :
        new String[][] {
          {"--tokens", "-1", "x"}, {"--temperature", "-1", "x"}, {"--top-p", "0", "x"}, {""}
        }) {
      String[] all = new String[wrong.length + 3];
      System.arraycopy(wrong, 0, all, 3, wrong.length);
      all[0] = "generate";
      all[1] = "--model";
      all[2] = other.toString();
      assertEquals(2, Console.run(all).code());
    }
  }

  @Test
  void drawsAmongTheLikeliest() {
    float[] scores = {0, 3, 2.9f, -9};
    assertEquals(1, new Sampler(0, 1, Optional.empty()).draw(scores));
    Sampler sampler = new Sampler(1, 0.9, Optional.of(5L));
    int[] counts = new int[4];
    for (int i = 0; i < 1000; i++) {
      counts[sampler.draw(scores)]++;
    }
    assertEquals(0, counts[0] + counts[3]);
    assertTrue(counts[1] > 450 && counts[2] > 400, counts[1] + " and " + counts[2]);
  }
}
