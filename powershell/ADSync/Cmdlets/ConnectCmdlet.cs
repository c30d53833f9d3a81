using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;
using Causeway.ADSync.Api;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Shared by all cmdlets: finds Connect, asks it, and turns a refusal into an error record.</summary>
public abstract class ConnectCmdlet : PSCmdlet
{
    private readonly CancellationTokenSource _stop = new CancellationTokenSource();
    private ConnectClient? _client;

    internal CancellationToken Stop => _stop.Token;

    /// <summary>The number of errors so far.</summary>
    internal int Errors { get; private set; }

    /// <summary>Ends a waiting call on Ctrl-C.</summary>
    protected override void StopProcessing() => _stop.Cancel();

    /// <summary>Asks Connect. Without a connection or permission the cmdlet ends. Any other refusal is an error of this input alone and
    /// returns null.</summary>
    internal JsonObject? Ask(
        object? target, string method, string[] path, IDictionary<string, object?>? query = null, IDictionary<string, object?>? body = null) =>
        Try(target, () =>
        {
            _client ??= new ConnectClient(Connection.Find(new Profile()));
            return _client.Call(method, ConnectClient.PathOf(path, query), body, Stop);
        });

    /// <summary>Reads an answer. One outside the contract becomes an error record too.</summary>
    internal T? Try<T>(object? target, Func<T?> work)
        where T : class
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException) when (Stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (ConnectException error)
        {
            var record = ErrorRecords.From(error, target);
            if (error.EndsAll) ThrowTerminatingError(record);
            Errors++;
            WriteError(record);
        }
        catch (FormatException error)
        {
            Errors++;
            WriteError(ErrorRecords.From(new ConnectException("bad-answer", $"Connect's answer does not follow the API: {error.Message}", error), target));
        }
        return null;
    }

    /// <summary>Asks for one thing and writes it.</summary>
    internal void Emit<T>(object? target, Func<JsonObject, T> read, string[] path, IDictionary<string, object?>? query = null)
        where T : class
    {
        var answer = Ask(target, "GET", path, query);
        if (answer != null && Try(target, () => read(answer)) is T result) WriteObject(result);
    }

    /// <summary>Asks for a list and writes its items.</summary>
    internal void EmitAll<T>(object? target, string list, Func<JsonObject, T> read, string[] path, IDictionary<string, object?>? query = null)
        where T : class
    {
        var answer = Ask(target, "GET", path, query);
        if (answer is null) return;
        foreach (var item in Try(target, () => answer.Objects(list)) ?? Array.Empty<JsonObject>())
            if (Try(target, () => read(item)) is T result) WriteObject(result);
    }

    internal static Dictionary<string, object?> Query(string name, object? value) => new Dictionary<string, object?> { [name] = value };
}
