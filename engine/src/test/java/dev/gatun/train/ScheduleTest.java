package dev.gatun.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ScheduleTest {
  @Test
  void cosineWarmsUpAndFalls() {
    Schedule s = Schedule.cosine(1, 0.2, 4, 12);
    assertEquals(0.25, s.rate(0), 1e-15);
    assertEquals(1, s.rate(3), 1e-15);
    assertEquals(1, s.rate(4), 1e-15);
    assertEquals(0.6, s.rate(8), 1e-15);
    assertEquals(0.2, s.rate(12), 1e-15);
    assertEquals(0.2, s.rate(99), 1e-15);
    assertEquals(3, Schedule.constant(3).rate(5));
  }

  @Test
  void warmUpMustEnd() {
    assertThrows(IllegalArgumentException.class, () -> Schedule.cosine(1, 0, 5, 5));
    assertThrows(IllegalArgumentException.class, () -> Schedule.cosine(1, 0, -1, 5));
  }
}
