package dev.gatun.samples.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.samples.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConformTest {
  private static final Path GOLDEN = Path.of("..", "engine", "src", "test", "resources", "golden");

  @TempDir private Path dir = Path.of("");

  @BeforeEach
  void needsVectors() {
    Assumptions.assumeTrue(
        CpuDevice.missingVectors().isEmpty(), () -> CpuDevice.missingVectors().orElse(""));
  }

  private void copy(String name) throws IOException {
    for (String ending : new String[] {".json", ".npz"}) {
      Files.copy(GOLDEN.resolve(name + ending), dir.resolve(name + ending));
    }
  }

  private void edit(String name, String from, String to) throws IOException {
    Path json = dir.resolve(name + ".json");
    String text = Files.readString(json);
    assertTrue(text.contains(from), from);
    Files.writeString(json, text.replace(from, to));
  }

  private Console conform() {
    return Console.run("conform", dir.toString());
  }

  private static void assertFails(Console c, String reason) {
    assertEquals(1, c.code(), c.out());
    assertTrue(c.out().contains(reason), c.out());
    assertTrue(!c.lastLine().endsWith(" 0 failed"), c.lastLine());
  }

  @Test
  void goldensPass() {
    Console c =
        Console.run("conform", GOLDEN.toString(), "norms", "causal_conv1d", "long_conv_fft");
    assertEquals(0, c.code(), c.out());
    assertEquals("31 cases, 580 comparisons: 580 passed, 0 failed", c.lastLine());
  }

  @Test
  @Tag("long")
  void recurrentLayersPass() {
    Console c = Console.run("conform", GOLDEN.toString(), "torch_rnn");
    assertEquals(0, c.code(), c.out());
    assertEquals("9 cases, 388 comparisons: 388 passed, 0 failed", c.lastLine());
  }

  @Test
  @Tag("long")
  void attentionPasses() {
    Console c =
        Console.run(
            "conform",
            GOLDEN.toString(),
            "flash_attention_ref",
            "sdpa",
            "fla_attention",
            "alibi",
            "streaming_llm",
            "lm_infinite",
            "urpe_sigsoftmax",
            "attention_scan",
            "rope");
    assertEquals(0, c.code(), c.out());
    assertEquals("56 cases, 1032 comparisons: 1032 passed, 0 failed", c.lastLine());
  }

  @Test
  @Tag("long")
  void stateSpaceModelsPass() {
    Console c =
        Console.run(
            "conform",
            GOLDEN.toString(),
            "s4_cauchy_vandermonde",
            "s4_fftconv_layer",
            "s4d_minimal");
    assertEquals(0, c.code(), c.out());
    assertEquals("16 cases, 436 comparisons: 436 passed, 0 failed", c.lastLine());
  }

  @Test
  @Tag("long")
  void linearRecurrencesPass() {
    Console c =
        Console.run("conform", GOLDEN.toString(), "pararnn_parallel_reduction", "lru", "minrnn");
    assertEquals(0, c.code(), c.out());
    assertEquals("19 cases, 360 comparisons: 360 passed, 0 failed", c.lastLine());
  }

  @Test
  void aWrongResultFails() throws IOException {
    copy("norms");
    edit("norms", "\"eps\": 1e-05", "\"eps\": 1.001e-05");
    assertFails(conform(), "of its bound");
  }

  @Test
  void anUnknownFlagFails() throws IOException {
    copy("norms");
    edit("norms", "\"eps\": 1e-05", "\"eps\": 1e-05, \"zkind\": 3, \"warp\": 2");
    Console c = conform();
    assertFails(c, "flag 'warp' = 2 is not supported");
    assertTrue(!c.out().contains("zkind"), c.out());
  }

  @Test
  void anUnknownValueFails() throws IOException {
    copy("causal_conv1d");
    edit("causal_conv1d", "\"silu\"", "\"cube\"");
    assertFails(conform(), "'cube'");
  }

  @Test
  void anOperatorThatDoesNotExistIsListedAndFails() throws IOException {
    copy("norms");
    edit("norms", "\"op\": \"layer_norm\"", "\"op\": \"batch_norm\"");
    Console c = conform();
    assertFails(c, "case5 cold: there is no operator 'batch_norm' yet");
    Files.move(dir.resolve("norms.npz"), dir.resolve("other.npz"));
    Files.move(dir.resolve("norms.json"), dir.resolve("other.json"));
    assertFails(conform(), "there is no operator 'other' yet");
  }

  @Test
  void damagedFilesAreOneSentence() throws IOException {
    copy("norms");
    copy("causal_conv1d");
    Path npz = dir.resolve("norms.npz");
    byte[] bytes = Files.readAllBytes(npz);
    Files.write(npz, Arrays.copyOf(bytes, bytes.length / 2));
    Files.writeString(dir.resolve("causal_conv1d.json"), "{\"cases\": {\"case0\": {]}");
    Console c = conform();
    assertFails(c, "norms.npz");
    assertTrue(c.out().contains("causal_conv1d.json: the file must be JSON"), c.out());
    assertEquals("0 cases, 2 comparisons: 0 passed, 2 failed", c.lastLine());
    Files.delete(npz);
    assertFails(conform(), "are missing");
  }

  @Test
  void nothingToRunIsAFailure() throws IOException {
    assertEquals(2, conform().code());
    Files.writeString(dir.resolve("norms.json"), "{\"cases\": {}}");
    Files.copy(GOLDEN.resolve("norms.npz"), dir.resolve("norms.npz"));
    Console c = conform();
    assertEquals(1, c.code());
    assertEquals("0 cases, 0 comparisons: 0 passed, 0 failed", c.lastLine());
  }

  @Test
  void wrongNamesAreOneSentence() {
    for (String[] args :
        new String[][] {
          {"conform", dir.resolve("absent").toString()},
          {"conform", GOLDEN.toString(), "absent"},
          {"conform", GOLDEN.toString(), "--device", "abacus"}
        }) {
      Console c = Console.run(args);
      assertEquals(2, c.code(), c.out());
      assertEquals(1, c.err().lines().count(), c.err());
    }
  }
}
