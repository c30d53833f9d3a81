using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace Causeway.ADSync.Api;

/// <summary>An answer.</summary>
internal sealed class HttpAnswer
{
    public HttpAnswer(int status, string text)
    {
        Status = status;
        Text = text;
    }

    public int Status { get; }

    public string Text { get; }
}

/// <summary>
/// One HTTP/1.1 request and its answer, over any stream: a Unix socket, a named pipe, TLS. .NET Framework's own client supports neither
/// of the first two.
/// </summary>
internal static class HttpExchange
{
    private const int MaxHead = 64 * 1024;
    private const int MaxLine = 8 * 1024;
    private const int MaxBody = 64 * 1024 * 1024;

    /// <exception cref="FormatException">The answer is not HTTP, or exceeds a limit.</exception>
    public static HttpAnswer Send(Stream stream, string host, string method, string path, string? token, string? body)
    {
        var payload = body is null ? Array.Empty<byte>() : Encoding.UTF8.GetBytes(body);
        var head = new StringBuilder();
        head.Append(method).Append(' ').Append(path).Append(" HTTP/1.1\r\nHost: ").Append(host);
        head.Append("\r\nAccept: application/json\r\nConnection: close\r\n");
        if (token != null) head.Append("Authorization: Bearer ").Append(token).Append("\r\n");
        if (body != null) head.Append("Content-Type: application/json\r\n");
        if (method != "GET") head.Append("Content-Length: ").Append(payload.Length.ToString(CultureInfo.InvariantCulture)).Append("\r\n");
        head.Append("\r\n");
        var bytes = Encoding.ASCII.GetBytes(head.ToString());
        stream.Write(bytes, 0, bytes.Length);
        if (payload.Length > 0) stream.Write(payload, 0, payload.Length);
        stream.Flush();
        return Read(new BufferedStream(stream, 16 * 1024));
    }

    private static HttpAnswer Read(Stream stream)
    {
        var budget = MaxHead;
        int status;
        Dictionary<string, string> headers;
        do
        {
            status = ParseStatus(ReadLine(stream, ref budget));
            headers = ReadHeaders(stream, ref budget);
        }
        while (status >= 100 && status < 200);
        return new HttpAnswer(status, Encoding.UTF8.GetString(ReadBody(stream, status, headers)));
    }

    private static int ParseStatus(string line)
    {
        if (line.StartsWith("HTTP/1.", StringComparison.Ordinal) && line.Length >= 12 && line[8] == ' '
            && int.TryParse(line.Substring(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            return status;
        throw new FormatException("an HTTP status line expected: this is not Connect");
    }

    private static Dictionary<string, string> ReadHeaders(Stream stream, ref int budget)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var line = ReadLine(stream, ref budget); line.Length > 0; line = ReadLine(stream, ref budget))
        {
            var colon = line.IndexOf(':');
            if (colon <= 0) throw new FormatException("a header expected in the answer");
            headers[line.Substring(0, colon)] = line.Substring(colon + 1).Trim();
        }
        return headers;
    }

    private static byte[] ReadBody(Stream stream, int status, Dictionary<string, string> headers)
    {
        if (status == 204 || status == 304) return Array.Empty<byte>();
        var body = new MemoryStream();
        if (headers.TryGetValue("Transfer-Encoding", out var encoding))
        {
            if (!encoding.Equals("chunked", StringComparison.OrdinalIgnoreCase))
                throw new FormatException($"transfer encoding 'chunked' expected, got '{encoding}'");
            ReadChunks(stream, body);
        }
        else if (headers.TryGetValue("Content-Length", out var length))
        {
            if (!int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var count)) throw TooLarge();
            Copy(stream, body, count);
        }
        else
        {
            var buffer = new byte[16 * 1024];
            for (int read; (read = stream.Read(buffer, 0, buffer.Length)) > 0;)
            {
                if (body.Length + read > MaxBody) throw TooLarge();
                body.Write(buffer, 0, read);
            }
        }
        return body.ToArray();
    }

    private static void ReadChunks(Stream stream, MemoryStream body)
    {
        while (true)
        {
            var budget = MaxLine;
            var line = ReadLine(stream, ref budget);
            var end = line.IndexOf(';');
            var size = (end < 0 ? line : line.Substring(0, end)).Trim();
            if (!int.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var count) || count < 0)
                throw new FormatException("the size of a chunk expected in the answer");
            if (count > 0) Copy(stream, body, count);
            // After a chunk an empty line; after the last one, headers without a use here and then an empty line.
            while (ReadLine(stream, ref budget).Length > 0)
                if (count > 0) throw new FormatException("the end of a chunk expected in the answer");
            if (count == 0) return;
        }
    }

    private static void Copy(Stream stream, MemoryStream body, int count)
    {
        if (count > MaxBody - body.Length) throw TooLarge();
        var buffer = new byte[16 * 1024];
        while (count > 0)
        {
            var read = stream.Read(buffer, 0, Math.Min(buffer.Length, count));
            if (read == 0) throw new EndOfStreamException("the answer is incomplete");
            body.Write(buffer, 0, read);
            count -= read;
        }
    }

    private static string ReadLine(Stream stream, ref int budget)
    {
        var line = new StringBuilder();
        while (true)
        {
            var next = stream.ReadByte();
            if (next < 0) throw new EndOfStreamException("the answer is incomplete");
            if (--budget < 0 || line.Length > MaxLine) throw new FormatException($"a head of at most {MaxHead / 1024} KiB expected in the answer");
            if (next == '\n') return line.ToString().TrimEnd('\r');
            line.Append((char)next);
        }
    }

    private static FormatException TooLarge() => new FormatException($"an answer of at most {MaxBody / 1024 / 1024} MiB expected");
}
