package dev.gatun.samples.digits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.samples.Console;
import dev.gatun.tensor.Scope;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainDigitsTest {
  @TempDir private Path dir = Path.of("");

  /// Noise with one bright row of pixels that tells the label.
  private void write(String name, int count) throws IOException {
    Random random = new Random(count);
    byte[] pixels = new byte[count * Images.PIXELS];
    byte[] labels = new byte[count];
    random.nextBytes(pixels);
    for (int i = 0; i < count; i++) {
      labels[i] = (byte) (i % Images.CLASSES);
      int row = i * Images.PIXELS + 2 * labels[i] * 28;
      Arrays.fill(pixels, row, row + 28, (byte) 255);
    }
    write(name + "-images-idx3-ubyte.gz", pixels, 0x803, count, 28, 28);
    write(name + "-labels-idx1-ubyte.gz", labels, 0x801, count);
  }

  private void write(String name, byte[] bytes, int... header) throws IOException {
    try (DataOutputStream out =
        new DataOutputStream(new GZIPOutputStream(Files.newOutputStream(dir.resolve(name))))) {
      for (int h : header) {
        out.writeInt(h);
      }
      out.write(bytes);
    }
  }

  private Console train(String... more) {
    String[] args = {"train-digits", "--data", dir.toString(), "--json"};
    String[] all = Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return Console.run(all);
  }

  @Test
  void learnsWhatCanBeLearnt() throws IOException {
    write("train", 1_000);
    write("t10k", 200);
    Console c = train("--epochs", "6", "--batch", "32");
    assertEquals(0, c.code(), c.err());
    assertTrue(c.out().startsWith("{\"accuracy\":1.0000,"), c.out());
  }

  /// The bright row's place in the sequence tells the label: what came long ago must be kept.
  @Test
  void aDeepS4ModelLearnsByReadingPixels() throws IOException {
    write("train", 400);
    write("t10k", 50);
    Console c =
        Console.run(
            "train-digits",
            "--data",
            dir.toString(),
            "--model",
            "S4",
            "--layers",
            "1",
            "--width",
            "8",
            "--epochs",
            "3",
            "--batch",
            "20",
            "--lr",
            "0.01");
    assertEquals(0, c.code(), c.err());
    assertTrue(c.out().contains("50 of 50 images are taken for the same"), c.out());
    assertTrue(c.out().startsWith("test accuracy "), c.out());
  }

  @Test
  void memoryIsFlat() throws IOException {
    write("train", 500);
    Images images = Images.read(dir, "train");
    int[] order = new int[images.count()];
    Arrays.setAll(order, i -> i);
    try (CpuDevice cpu = CpuDevice.open();
        Scope model = cpu.scope("model")) {
      Classifier classifier = new Classifier(cpu, Classifier.perceptron(model, 1));
      long slabs = 0;
      for (int i = 0; i < 30; i++) {
        classifier.step(images, order, i * 10, i * 10 + 10, 1e-3);
        slabs = i == 2 ? cpu.memory().slabs() : slabs;
      }
      assertEquals(slabs, cpu.memory().slabs());
    }
  }

  @Test
  void badDataAreOneSentence() throws IOException {
    Console absent = train();
    assertEquals(1, absent.code());
    assertTrue(absent.err().contains("apt-get install dataset-fashion-mnist"), absent.err());
    assertEquals(1, absent.err().lines().count());

    write("train", 20);
    write("t10k", 20);
    Path images = dir.resolve("t10k-images-idx3-ubyte.gz");
    byte[] whole = Files.readAllBytes(images);
    Files.write(images, Arrays.copyOf(whole, whole.length / 2));
    assertSentence("cut short");
    Files.writeString(images, "text");
    assertSentence("cut short or damaged");
    write("t10k-images-idx3-ubyte.gz", new byte[0], 0x803, Integer.MAX_VALUE, 28, 28);
    assertSentence("header");
    write("t10k-images-idx3-ubyte.gz", new byte[Images.PIXELS], 0x803, 1, 28, 28);
    assertSentence("one image per label; got 1 images, 20 labels");
    write("t10k-labels-idx1-ubyte.gz", new byte[] {10}, 0x801, 1);
    assertSentence("labels must lie in [0, 10)");
  }

  private void assertSentence(String part) {
    Console c = train();
    assertEquals(1, c.code(), c.out());
    assertTrue(c.err().contains(part), c.err());
    assertEquals(1, c.err().lines().count(), c.err());
  }

  @Test
  void optionsAreChecked() {
    assertEquals(2, train("--epochs", "0").code());
    assertEquals(2, train("--batch", "-1").code());
    assertEquals(2, train("--lr", "x").code());
    assertEquals(2, train("--model", "RNN").code());
    assertEquals(2, train("--layers", "0").code());
  }
}
