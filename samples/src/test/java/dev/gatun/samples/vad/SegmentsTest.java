package dev.gatun.samples.vad;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.samples.vad.Segments.Segment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SegmentsTest {
  private static final int W = Silero.WINDOW;
  private static final Segments RULE = new Segments(0.5, 0.35, 4000, 1600, 0);

  /// A digit for each window, in tenths.
  private static List<Segment> find(Segments rule, String tenths) {
    float[] p = new float[tenths.length()];
    for (int i = 0; i < p.length; i++) {
      p[i] = (tenths.charAt(i) - '0') / 10f;
    }
    return rule.find(p, (long) p.length * W);
  }

  private static void assertFound(List<Segment> found, long... ends) {
    long[] got = found.stream().flatMapToLong(s -> LongStream.of(s.start(), s.end())).toArray();
    assertEquals(Arrays.toString(ends), Arrays.toString(got));
  }

  @Test
  void silenceHasNone() {
    assertFound(find(RULE, "0000444400"));
    assertFound(find(RULE, ""));
  }

  @Test
  void speechEndsWhereSilenceBegan() {
    List<Segment> found = find(RULE, "0099999999990000000");
    assertFound(found, 2 * W, 12 * W);
    assertEquals(0.9, found.getFirst().mean(), 1e-6);
  }

  @Test
  void whatIsBetweenTheThresholdsGoesOn() {
    // 0.4 neither begins nor ends speech, but counts as silence once that began.
    assertFound(find(RULE, "4499999944444444000000"), 2 * W, 16 * W);
    assertFound(find(RULE, "99999999944404440000000"), 0, 12 * W);
  }

  @Test
  void shortSilencePartsNothing() {
    assertFound(find(RULE, "99999000999990000000"), 0, 13 * W);
    assertFound(find(RULE, "99999999900000999999999"), 0, 9 * W, 14 * W, 23 * W);
  }

  @Test
  void shortSpeechIsDropped() {
    assertFound(find(RULE, "009999990000000"));
    assertFound(find(RULE, "0000000099"));
    assertFound(find(new Segments(0.5, 0.35, 0, 1600, 0), "009000000"), 2 * W, 3 * W);
  }

  @Test
  void neighboursShareTheirGap() {
    Segments wide = new Segments(0.5, 0.35, 4000, 1600, 5 * W);
    assertFound(find(wide, "0099999999990000009999999999000"), 0, 15 * W, 15 * W, 31 * W);
  }

  @Test
  void theLastWindowMayBeShort() {
    float[] p = {0.9f, 0.9f, 0.9f, 0.9f, 0.9f, 0.9f, 0.9f, 0.9f, 0.9f};
    assertFound(RULE.find(p, 8 * W + 10), 0, 8 * W + 10);
  }
}
