using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;

namespace Causeway.ADSync.Api;

/// <summary>Calls Connect's admin API. Its routes are listed in packages/contract/src/connect/routes.ts.</summary>
internal sealed class ConnectClient
{
    /// <summary>The time limit of a call: switching a channel off waits for running work.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly Connection _connection;

    public ConnectClient(Connection connection) => _connection = connection;

    /// <exception cref="ConnectException">No answer, an error, or an answer outside the contract.</exception>
    /// <exception cref="OperationCanceledException">The user stopped it.</exception>
    public JsonObject Call(string method, string path, IDictionary<string, object?>? body, CancellationToken stop)
    {
        var answer = Exchange(method, path, body is null ? null : Json.Write(body), stop);
        object? json = null;
        try
        {
            json = Json.Parse(answer.Text);
        }
        catch (FormatException) when (answer.Status < 200 || answer.Status > 299)
        {
        }
        catch (FormatException error)
        {
            throw BadAnswer(path, error);
        }
        if (answer.Status < 200 || answer.Status > 299) throw Refused(answer.Status, json as JsonObject, method, path);
        return json as JsonObject ?? throw BadAnswer(path, new FormatException("an object expected"));
    }

    private HttpAnswer Exchange(string method, string path, string? body, CancellationToken stop)
    {
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(stop))
        {
            limit.CancelAfter(Limit);
            try
            {
                using (var stream = Transport.Open(_connection, limit.Token))
                using (limit.Token.Register(stream.Dispose)) // disposing the stream ends a read that waits
                    return HttpExchange.Send(stream, _connection.Address?.Authority ?? "localhost", method, path, _connection.Token, body);
            }
            catch (ConnectException)
            {
                throw;
            }
            catch (Exception error) when (error is FormatException || (error is EndOfStreamException && !limit.IsCancellationRequested))
            {
                throw BadAnswer(path, error);
            }
            catch (Exception error)
            {
                stop.ThrowIfCancellationRequested();
                if (limit.IsCancellationRequested || error is TimeoutException)
                    throw new ConnectException("timed-out", $"{_connection.Where} did not answer in time", error);
                throw NoAnswer(error);
            }
        }
    }

    private ConnectException NoAnswer(Exception error)
    {
        var denied = error is UnauthorizedAccessException || (error is SocketException socket && socket.SocketErrorCode == SocketError.AccessDenied);
        if (denied)
            return new ConnectException("not-allowed", $"permission denied for '{_connection.Where}': only root and members of the group causeway-admins may open it", error, 403);
        var message = _connection.Address is null
            ? $"Connect is not running: nothing listens on '{_connection.Where}' (from {_connection.Source})"
            : $"no answer from {_connection.Where} (from {_connection.Source}): {error.Message}";
        return new ConnectException("not-running", message, error);
    }

    private static ConnectException Refused(int status, JsonObject? answer, string method, string path)
    {
        try
        {
            var error = answer?.ObjectOrNull("error");
            if (error != null) return new ConnectException(error.Text("code"), Plain(error.Text("message")), null, status);
        }
        catch (FormatException)
        {
        }
        return new ConnectException("http-error", $"{method} {path} failed with HTTP status {status.ToString(CultureInfo.InvariantCulture)}", null, status);
    }

    private static ConnectException BadAnswer(string path, Exception error) =>
        new ConnectException("bad-answer", $"the answer to {path} does not follow the API: {error.Message}", error);

    /// <summary>Removes what moves a terminal's cursor, because reasons come from other machines.</summary>
    internal static string Plain(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var c in text) result.Append(char.IsControl(c) && c != '\n' ? '\ufffd' : c);
        return result.ToString();
    }

    /// <summary>A path with its parts escaped; parameters that are null are left out.</summary>
    public static string PathOf(IEnumerable<string> parts, IDictionary<string, object?>? query = null)
    {
        var path = new StringBuilder("/api/v1");
        foreach (var part in parts) path.Append('/').Append(Uri.EscapeDataString(part));
        var separator = '?';
        foreach (var parameter in query ?? new Dictionary<string, object?>())
        {
            if (parameter.Value is null) continue;
            path.Append(separator).Append(parameter.Key).Append('=');
            path.Append(Uri.EscapeDataString(Convert.ToString(parameter.Value, CultureInfo.InvariantCulture)!));
            separator = '&';
        }
        return path.ToString();
    }
}
