package dev.gatun.samples.vad;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;

/// A sound file of 16-bit PCM at 16 kHz, read from its start to its end; channels are mixed.
final class Recording implements AutoCloseable {
  /// Samples of a second.
  static final int RATE = 16_000;

  private final Path file;
  private final AudioInputStream in;
  private final int channels;
  private final boolean bigEndian;
  private final long declared;
  private long read;

  private Recording(Path file, AudioInputStream in) {
    this.file = file;
    this.in = in;
    this.channels = in.getFormat().getChannels();
    this.bigEndian = in.getFormat().isBigEndian();
    this.declared = in.getFrameLength();
  }

  /// @throws IOException if `file` is no such recording
  static Recording open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException("there is no file " + file);
    }
    AudioInputStream in;
    try {
      in = AudioSystem.getAudioInputStream(file.toFile());
    } catch (UnsupportedAudioFileException | EOFException e) {
      throw new IOException(file + " must be a WAV file; it is not", e);
    }
    AudioFormat f = in.getFormat();
    if (!f.getEncoding().equals(AudioFormat.Encoding.PCM_SIGNED)
        || f.getSampleSizeInBits() != 16
        || f.getSampleRate() != RATE) {
      in.close();
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%s must be 16-bit PCM at 16000 Hz; got %d-bit %s at %.0f Hz"
                  + " (sox IN -r 16000 -b 16 OUT.wav converts)",
              file,
              f.getSampleSizeInBits(),
              f.getEncoding(),
              f.getSampleRate()));
    }
    return new Recording(file, in);
  }

  /// Fills `target` with the next samples, in [-1, 1), and zeros after the end.
  ///
  /// @return how many there were
  /// @throws IOException if the file ends before it says it does
  int read(float[] target) throws IOException {
    byte[] bytes = in.readNBytes(target.length * channels * 2);
    int count = bytes.length / (channels * 2);
    for (int i = 0; i < target.length; i++) {
      int sum = 0;
      for (int c = 0; i < count && c < channels; c++) {
        int at = (i * channels + c) * 2;
        int high = bytes[bigEndian ? at : at + 1];
        int low = bytes[bigEndian ? at + 1 : at] & 0xFF;
        sum += high << 8 | low;
      }
      target[i] = sum / (32768f * channels);
    }
    read += count;
    if (count < target.length && declared >= 0 && read < declared) {
      throw new IOException(
          "%s is cut short: it says %d samples and has %d".formatted(file, declared, read));
    }
    return count;
  }

  /// All samples that are left.
  float[] readAll() throws IOException {
    float[] all = new float[1 << 16];
    float[] part = new float[1 << 14];
    int n = 0;
    for (int got = read(part); got > 0; got = read(part)) {
      if (n + got > all.length) {
        all = Arrays.copyOf(all, Math.multiplyExact(all.length, 2));
      }
      System.arraycopy(part, 0, all, n, got);
      n += got;
    }
    return Arrays.copyOf(all, n);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
