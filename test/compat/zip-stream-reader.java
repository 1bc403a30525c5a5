// Reads an archive front to back, as a program does that cannot seek, and prints each entry's name,
// size and CRC-32 as computed. ZipInputStream throws when a header promises something else.
import java.io.*;
import java.util.zip.*;

class ZipStreamReader {
  public static void main(String[] arguments) throws IOException {
    byte[] buffer = new byte[65536];
    var out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, "UTF-8");
    try (var zip = new ZipInputStream(new BufferedInputStream(new FileInputStream(arguments[0])))) {
      for (ZipEntry entry; (entry = zip.getNextEntry()) != null; ) {
        var crc = new CRC32();
        long size = 0;
        for (int count; (count = zip.read(buffer)) > 0; size += count) crc.update(buffer, 0, count);
        out.println(size + " " + Long.toHexString(crc.getValue()) + " " + entry.getName());
      }
    }
    out.flush();
  }
}
