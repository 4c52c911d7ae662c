package dev.gatun.samples.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
  @TempDir private Path dir = Path.of("");

  @Test
  void tokensAreTheModels() throws IOException {
    try (Tokenizer tokenizer = Tokenizer.open(ModelFiles.miniLm(false).tokenizer())) {
      assertArrayEquals(
          new long[] {101, 7592, 2088, 1010, 7668, 999, 102},
          tokenizer.encode("Hello world, café!").ids());
      assertArrayEquals(new long[] {101, 102}, tokenizer.encode("").ids());
      assertArrayEquals(new long[2], tokenizer.encode("").types());
    }
  }

  @Test
  void longTextsAreCutAndShortOnesNotPadded() throws IOException {
    try (Tokenizer tokenizer = Tokenizer.open(ModelFiles.miniLm(false).tokenizer())) {
      assertEquals(128, tokenizer.most());
      long[] ids = tokenizer.encode("word ".repeat(400)).ids();
      assertEquals(128, ids.length);
      assertEquals(102, ids[127]);
      assertEquals(127, tokenizer.encode("word ".repeat(125)).length());
    }
  }

  @Test
  void otherFilesAreOneSentence() throws IOException {
    Path file = dir.resolve("tokenizer.json");
    for (String text : new String[] {"", "{}", "text"}) {
      Files.writeString(file, text);
      IOException e = assertThrows(IOException.class, () -> Tokenizer.open(file));
      assertTrue(String.valueOf(e.getMessage()).contains("tokenizer.json is no tokenizer"));
    }
  }
}
