using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Threading;
using Causeway.ADSync.Api;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Completes the names of connectors. Without Connect it offers none and raises no error, because this is only the Tab
/// key.</summary>
public class ConnectorNameCompleter : IArgumentCompleter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The type whose connectors come first; null for Connect's order.</summary>
    protected virtual string? FirstType => null;

    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        try
        {
            using (var stop = new CancellationTokenSource(Patience))
            {
                var answer = new ConnectClient(Connection.Find(new Profile())).Call("GET", ConnectClient.PathOf(new[] { "connectors" }), null, stop.Token);
                return Matching(answer.Objects("connectors").OrderBy(connector => connector.Text("type") == FirstType ? 0 : 1).Select(connector => connector.Text("name")), wordToComplete).ToList();
            }
        }
        catch (Exception error) when (error is ConnectException || error is FormatException || error is OperationCanceledException)
        {
            return Enumerable.Empty<CompletionResult>();
        }
    }

    private static IEnumerable<CompletionResult> Matching(IEnumerable<string> names, string word)
    {
        var begin = word.Trim('\'', '"');
        foreach (var name in names.Where(name => name.StartsWith(begin, StringComparison.OrdinalIgnoreCase)))
        {
            var plain = name.All(c => char.IsLetterOrDigit(c) || c == '.' || c == '-');
            yield return new CompletionResult(plain ? name : "'" + name.Replace("'", "''") + "'", name, CompletionResultType.ParameterValue, name);
        }
    }
}

/// <summary>For parameters that name a forest's connector.</summary>
public sealed class ForestNameCompleter : ConnectorNameCompleter
{
    protected override string FirstType => "AD";
}

/// <summary>For parameters that name the tenant's connector.</summary>
public sealed class TenantNameCompleter : ConnectorNameCompleter
{
    protected override string FirstType => "Extensible2";
}
