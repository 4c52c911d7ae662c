package dev.gatun.samples.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.samples.Console;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextCommandsTest {
  @TempDir private Path dir = Path.of("");

  private static void assertSentence(int code, String part, Console c) {
    assertEquals(code, c.code(), c.toString());
    assertTrue(c.err().contains(part), c.err());
    assertEquals(1, c.err().lines().count(), c.err());
    assertEquals("", c.out());
  }

  private static Console withInput(String text, String... args) {
    InputStream in = System.in;
    System.setIn(new ByteArrayInputStream(text.getBytes(UTF_8)));
    try {
      return Console.run(args);
    } finally {
      System.setIn(in);
    }
  }

  @Test
  void embedPrintsAVectorEach() throws IOException {
    Console plain = Console.run("embed", "hello", "a second text");
    assertEquals(0, plain.code(), plain.err());
    assertEquals(2, plain.out().lines().count());
    assertEquals(384, plain.out().lines().findFirst().orElse("").split(" ").length);
    Console json = withInput("hello\na second text\n", "embed", "--json");
    assertEquals(0, json.code(), json.err());
    JsonNode vectors = new ObjectMapper().readTree(json.out());
    assertEquals(2, vectors.size());
    assertEquals(plain.out().split(" ", 2)[0], vectors.get(0).get(0).asText());
  }

  @Test
  void searchFindsWhatIsMeant() throws IOException {
    String question = "keep calm when somebody provokes you";
    List<String> lines = Files.readAllLines(EmbedderTest.PROVERBS).subList(140, 180);
    String file = Files.write(dir.resolve("some.txt"), lines).toString();
    Console c = Console.run("search", question, "--file", file, "--top", "3");
    assertEquals(0, c.code(), c.err());
    assertEquals(3, c.out().lines().count());
    assertTrue(c.out().contains("strife") || c.out().contains("wrath"), c.out());
    Console json = Console.run("search", question, "--file", file, "--top", "3", "--json");
    JsonNode hits = new ObjectMapper().readTree(json.out());
    assertEquals(3, hits.size());
    for (JsonNode hit : hits) {
      String line = lines.get(hit.get("line").asInt() - 1);
      assertEquals(line, hit.get("text").asText());
      assertTrue(c.out().contains(line));
    }
    assertTrue(hits.get(0).get("score").asDouble() >= hits.get(1).get("score").asDouble());
  }

  @Test
  void blankLinesAreNoHits() throws IOException {
    Path file = Files.writeString(dir.resolve("a.txt"), "\n\nonly this\n \n");
    Console c = Console.run("search", "this", "--file", file.toString(), "--progress", "--timings");
    assertEquals(0, c.code(), c.err());
    assertTrue(c.out().strip().endsWith("3  only this"), c.out());
    assertEquals(1, c.out().lines().count());
    for (String phase : new String[] {"JVM", "tokenizer", "model, opened", "first", "VmRSS"}) {
      assertTrue(c.err().contains("\n" + phase), c.err());
    }
  }

  @Test
  void badFilesAreOneSentence() throws IOException {
    Path file = dir.resolve("a.txt");
    String[] search = {"search", "question", "--file", file.toString()};
    assertSentence(1, "there is no file", Console.run(search));
    Files.writeString(file, "\n \n");
    assertSentence(1, "it is empty", Console.run(search));
    Files.write(file, new byte[] {'a', '\n', 'b', (byte) 0xFF, '\n'});
    assertSentence(1, "must be UTF-8; line 2 is not", Console.run(search));
    Files.write(file, new byte[] {'a', '\n', (byte) 0xC3});
    assertSentence(1, "must be UTF-8; line 2 is not", Console.run(search));
    search[3] = dir.toString();
    assertSentence(1, "it is a folder", Console.run(search));
    assertSentence(1, "standard input must hold one text a line", withInput("", "embed"));
  }

  @Test
  void badArgumentsAreOneSentence() {
    String file = EmbedderTest.PROVERBS.toString();
    assertSentence(2, "at least 1", Console.run("search", "q", "--file", file, "--top", "-1"));
    assertSentence(2, "must not be empty", Console.run("search", " ", "--file", file));
    assertSentence(2, "--file", Console.run("search", "q"));
    assertSentence(2, "--int8", Console.run("embed", "q", "--int8", "--model", "x.jar"));
    assertSentence(2, "--pooling", Console.run("embed", "q", "--pooling", "most"));
  }

  @Test
  void badModelsAreOneSentence() throws IOException {
    Path jar = dir.resolve("a.jar");
    String[] embed = {"embed", "q", "--model", jar.toString()};
    assertSentence(1, "there is no model", Console.run(embed));
    Files.writeString(jar, "text");
    assertSentence(1, "neither", Console.run(embed));
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
      zip.putNextEntry(new ZipEntry("../a.onnx"));
    }
    assertSentence(1, "must hold one file *.onnx", Console.run(embed));
    embed[3] = dir.toString();
    assertSentence(1, "must hold model.onnx and tokenizer.json", Console.run(embed));
    Files.writeString(dir.resolve("model.onnx"), "text");
    Files.copy(ModelFiles.miniLm(false).tokenizer(), dir.resolve("tokenizer.json"));
    assertSentence(1, "model.onnx", Console.run(embed));
  }
}
