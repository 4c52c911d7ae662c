package dev.gatun.samples.vad;

import dev.gatun.samples.vad.Segments.Segment;
import java.awt.Color;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// A picture of a recording: its wave, the probabilities, and the speech that was found.
final class Picture {
  private static final int WIDTH = 1400;
  private static final int HEIGHT = 500;

  private Picture() {}

  static void write(
      Path file, String title, float[] samples, float[] probabilities, List<Segment> segments)
      throws IOException {
    System.setProperty("java.awt.headless", "true");
    try {
      XYChart chart =
          new XYChartBuilder()
              .width(WIDTH)
              .height(HEIGHT)
              .title(title)
              .xAxisTitle("seconds")
              .build();
      chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideS);
      chart.getStyler().setLegendLayout(Styler.LegendLayout.Horizontal);
      chart.getStyler().setYAxisMin(-1.0).setYAxisMax(1.0);
      speech(chart, samples.length, segments);
      wave(chart, samples);
      probabilities(chart, probabilities);
      try (OutputStream out = Files.newOutputStream(file)) {
        BitmapEncoder.saveBitmap(chart, out, BitmapEncoder.BitmapFormat.PNG);
      }
    } catch (LinkageError | InternalError e) {
      throw new IOException(
          "a picture needs fonts: apt-get install fontconfig fonts-dejavu-core", e);
    }
  }

  private static void speech(XYChart chart, int length, List<Segment> segments) {
    double[] x = new double[segments.size() * 4 + 2];
    double[] y = new double[x.length];
    int n = 1;
    for (Segment s : segments) {
      for (long at : new long[] {s.start(), s.start(), s.end(), s.end()}) {
        y[n] = n % 4 == 2 || n % 4 == 3 ? 1 : 0;
        x[n++] = at / (double) Recording.RATE;
      }
    }
    x[n] = length / (double) Recording.RATE;
    XYSeries series = chart.addSeries("speech", x, y);
    series.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Area);
    series.setMarker(SeriesMarkers.NONE);
    series.setLineColor(new Color(0, 0, 0, 0));
    series.setFillColor(new Color(80, 180, 80, 70));
  }

  /// The least and the greatest sample of each pixel.
  private static void wave(XYChart chart, float[] samples) {
    int columns = Math.min(WIDTH, samples.length);
    double[] x = new double[2 * columns];
    double[] y = new double[2 * columns];
    for (int c = 0; c < columns; c++) {
      int from = (int) ((long) c * samples.length / columns);
      int to = (int) ((c + 1L) * samples.length / columns);
      float least = samples[from];
      float most = samples[from];
      for (int i = from; i < to; i++) {
        least = Math.min(least, samples[i]);
        most = Math.max(most, samples[i]);
      }
      x[2 * c] = from / (double) Recording.RATE;
      x[2 * c + 1] = x[2 * c];
      y[2 * c] = least;
      y[2 * c + 1] = most;
    }
    XYSeries series = chart.addSeries("wave", x, y);
    series.setMarker(SeriesMarkers.NONE);
    series.setLineColor(new Color(110, 130, 170));
    series.setLineWidth(1);
  }

  private static void probabilities(XYChart chart, float[] probabilities) {
    double[] x = new double[probabilities.length];
    double[] y = new double[probabilities.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = (i + 0.5) * Silero.WINDOW / Recording.RATE;
      y[i] = probabilities[i];
    }
    XYSeries series = chart.addSeries("probability", x, y);
    series.setMarker(SeriesMarkers.NONE);
    series.setLineColor(new Color(200, 60, 40));
    series.setLineWidth(2);
  }
}
