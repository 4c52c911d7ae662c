package dev.gatun.samples.vad;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.samples.Console;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VadTest {
  private static final Path SPEECH = Path.of("/usr/share/pocketsphinx/test/data");

  @TempDir private Path dir = Path.of("");

  private static Path model() {
    try {
      return SileroPackage.model();
    } catch (IOException e) {
      return abort(String.valueOf(e.getMessage()));
    }
  }

  private static List<Path> speech() throws IOException {
    assumeTrue(Files.isDirectory(SPEECH), "no recordings: apt-get install pocketsphinx-testdata");
    try (Stream<Path> all = Files.walk(SPEECH)) {
      return all.filter(p -> p.toString().endsWith(".wav")).sorted().toList();
    }
  }

  private Path wav(String name, float rate, int bits, int channels, int frames, double volume)
      throws IOException {
    byte[] bytes = new byte[frames * channels * bits / 8];
    for (int i = 0; bits == 16 && i < bytes.length / 2; i++) {
      int v = (int) (volume * 30_000 * Math.sin(i / channels * 0.1));
      bytes[2 * i] = (byte) v;
      bytes[2 * i + 1] = (byte) (v >> 8);
    }
    AudioFormat format = new AudioFormat(rate, bits, channels, bits == 16, false);
    Path file = dir.resolve(name);
    AudioSystem.write(
        new AudioInputStream(new ByteArrayInputStream(bytes), format, frames),
        AudioFileFormat.Type.WAVE,
        file.toFile());
    return file;
  }

  private static void assertSentence(int code, String part, String... args) {
    Console c = Console.run(args);
    assertEquals(code, c.code(), c.toString());
    assertTrue(c.err().contains(part), c.err());
    assertEquals(1, c.err().lines().count(), c.err());
  }

  @Test
  void otherRecordingsAreOneSentence() throws IOException {
    String missing = dir.resolve("none.wav").toString();
    assertSentence(1, "there is no file", "vad", missing);
    Path text = Files.writeString(dir.resolve("text.wav"), "text");
    assertSentence(1, "must be a WAV file", "vad", text.toString());
    Files.write(text, new byte[0]);
    assertSentence(1, "must be a WAV file", "vad", text.toString());
    Path slow = wav("slow.wav", 8000, 16, 1, 100, 1);
    assertSentence(
        1, "16-bit PCM at 16000 Hz; got 16-bit PCM_SIGNED at 8000 Hz", "vad", slow.toString());
    Path coarse = wav("coarse.wav", 16_000, 8, 1, 100, 1);
    assertSentence(1, "got 8-bit", "vad", coarse.toString());
  }

  @Test
  void badOptionsAreOneSentence() {
    assertSentence(2, "--threshold", "vad", "x.wav", "--threshold", "0");
    assertSentence(2, "--hysteresis", "vad", "x.wav", "--hysteresis", "0.6");
    assertSentence(2, "--pad", "vad", "x.wav", "--pad", "-1");
    assertSentence(2, "--streaming", "vad", "x.wav", "--streaming", "--json");
  }

  @Test
  void channelsAreMixedAndLengthsChecked() throws IOException {
    Path mono = wav("mono.wav", 16_000, 16, 1, 1000, 1);
    Path stereo = wav("stereo.wav", 16_000, 16, 2, 1000, 1);
    try (Recording a = Recording.open(mono);
        Recording b = Recording.open(stereo)) {
      float[] samples = a.readAll();
      assertEquals(1000, samples.length);
      assertArrayEquals(samples, b.readAll());
    }
    Path cut = dir.resolve("cut.wav");
    Files.write(cut, Arrays.copyOf(Files.readAllBytes(mono), 1000));
    try (Recording r = Recording.open(cut)) {
      r.readAll();
      throw new AssertionError("read a cut recording");
    } catch (IOException e) {
      assertTrue(String.valueOf(e.getMessage()).contains("cut short"), e.getMessage());
    }
  }

  @Test
  void nobodySpeaksInSilence() throws IOException {
    String model = model().toString();
    String file = wav("quiet.wav", 16_000, 16, 1, 16_000, 0).toString();
    Console c = Console.run("vad", file, "--model", model);
    assertEquals(0, c.code(), c.err());
    assertTrue(c.out().contains("nobody speaks"), c.out());
    String empty = wav("empty.wav", 16_000, 16, 1, 0, 0).toString();
    assertSentence(1, "it is empty", "vad", empty, "--model", model);
  }

  @Test
  void streamingIsTheSame() throws IOException {
    String model = model().toString();
    String file = speech().getFirst().toString();
    Path picture = dir.resolve("a.png");
    Console whole =
        Console.run("vad", file, "--model", model, "--json", "--plot", picture.toString());
    assertEquals(0, whole.code(), whole.err());
    Console streaming = Console.run("vad", file, "--model", model, "--streaming");
    JsonNode json = new ObjectMapper().readTree(whole.out());
    List<String> steps =
        streaming.out().lines().filter(l -> l.matches(" *[0-9.]+ s  [0-9.]+")).toList();
    assertEquals(json.get("probabilities").size(), steps.size());
    for (int i = 0; i < steps.size(); i++) {
      double p = json.get("probabilities").get(i).asDouble();
      assertEquals(p, Double.parseDouble(steps.get(i).strip().split(" +", 3)[2]), 6e-5);
    }
    assertTrue(json.get("segments").size() > 0);
    assertEquals(1400, ImageIO.read(picture.toFile()).getWidth());
  }

  @Test
  void probabilitiesAreOnnxRuntimes() throws Exception {
    Path model = model();
    double worst = 0;
    int steps = 0;
    OrtEnvironment env = OrtEnvironment.getEnvironment();
    try (CpuDevice device = CpuDevice.open();
        Silero silero = Silero.open(model, device);
        OrtSession session = env.createSession(model.toString())) {
      for (Path file : speech()) {
        silero.reset();
        float[] state = new float[256];
        float[] input = new float[64 + Silero.WINDOW];
        float[] window = new float[Silero.WINDOW];
        try (Recording recording = Recording.open(file)) {
          while (recording.read(window) > 0) {
            System.arraycopy(input, Silero.WINDOW, input, 0, 64);
            System.arraycopy(window, 0, input, 64, Silero.WINDOW);
            double p = peer(env, session, input, state);
            worst = Math.max(worst, Math.abs(p - silero.step(window)));
            steps++;
          }
        }
      }
    }
    System.out.printf("%d steps: largest difference %.2e%n", steps, worst);
    assertTrue(worst <= 1e-5, "largest difference " + worst);
  }

  private static float peer(OrtEnvironment env, OrtSession session, float[] input, float[] state)
      throws Exception {
    try (OnnxTensor x =
            OnnxTensor.createTensor(env, FloatBuffer.wrap(input), new long[] {1, input.length});
        OnnxTensor s =
            OnnxTensor.createTensor(env, FloatBuffer.wrap(state), new long[] {2, 1, 128});
        OnnxTensor rate =
            OnnxTensor.createTensor(env, LongBuffer.wrap(new long[] {16_000}), new long[0]);
        OrtSession.Result result = session.run(Map.of("input", x, "state", s, "sr", rate))) {
      OnnxTensor next = (OnnxTensor) result.get("stateN").orElseThrow();
      next.getFloatBuffer().get(state);
      return ((OnnxTensor) result.get("output").orElseThrow()).getFloatBuffer().get(0);
    }
  }
}
