using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Management.Automation;
using Causeway.ADSync.Api;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Gets whether password hash synchronization is on for a forest.</summary>
/// <remarks>Password hashes go through a channel from the forest's connector to the tenant's connector. The result shows both connectors, and whether the channel is on.</remarks>
/// <example>
/// <code>Get-ADSyncAADPasswordSyncConfiguration -SourceConnector corp.example.com</code>
/// <para>Shows the channel of one forest.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncAADPasswordSyncConfiguration")]
[OutputType(typeof(PasswordSyncConfiguration))]
public sealed class GetADSyncAADPasswordSyncConfiguration : ConnectCmdlet
{
    /// <summary>The name of the forest's connector. Case matters. Default: all channels.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "ConnectorName")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? SourceConnector { get; set; }

    protected override void ProcessRecord() => EmitAll(
        SourceConnector, "configurations", PasswordSyncConfiguration.From, new[] { "password-sync" }, Query("sourceConnector", SourceConnector));
}

/// <summary>Switches password hash synchronization on or off for a pair of connectors.</summary>
/// <remarks>Switching the channel on starts it, or restarts it if it already runs. If the connector's parameter Microsoft.Synchronize.ForceFullPasswordSync is 1 at that time, Connect reads and sends every password hash of the forest again. If there is a managed domain, that includes the legacy hashes. To follow the progress, use Get-CausewayFullPasswordSync. If an earlier full synchronization is still reading, the new request is merged with it, and the cmdlet warns you.</remarks>
/// <example>
/// <code>Set-ADSyncAADPasswordSyncConfiguration -SourceConnector corp.example.com -TargetConnector 'contoso - AAD' -Enable $false
/// Set-ADSyncAADPasswordSyncConfiguration -SourceConnector corp.example.com -TargetConnector 'contoso - AAD' -Enable $true</code>
/// <para>Restarts the channel.</para>
/// </example>
[Cmdlet(VerbsCommon.Set, "ADSyncAADPasswordSyncConfiguration", SupportsShouldProcess = true)]
public sealed class SetADSyncAADPasswordSyncConfiguration : ConnectCmdlet
{
    /// <summary>The name of the forest's connector. Case matters.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "ConnectorName")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? SourceConnector { get; set; }

    /// <summary>The name of the tenant's connector. Case matters.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(TenantNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? TargetConnector { get; set; }

    /// <summary>$true switches synchronization on, $false switches it off.</summary>
    [Parameter(Mandatory = true, Position = 2)]
    public bool Enable { get; set; }

    protected override void ProcessRecord()
    {
        if (!ShouldProcess($"{SourceConnector} to {TargetConnector}", $"switch the password channel {(Enable ? "on" : "off")}")) return;
        var answer = Ask(SourceConnector, "PUT", new[] { "password-sync" }, body: new Dictionary<string, object?>
        {
            ["sourceConnector"] = SourceConnector,
            ["targetConnector"] = TargetConnector,
            ["enabled"] = Enable,
        });
        if (answer?.Any("fullPass") is "merged")
            WriteWarning($"A full password synchronization of '{SourceConnector}' is already running. This request was merged with it. To see its progress, run Get-CausewayFullPasswordSync.");
    }
}

/// <summary>Gets when the passwords of each partition were last synchronized.</summary>
/// <remarks>Times are in UTC. The status is Successful, InProgress, Failed, Disabled, or None before the first cycle.</remarks>
/// <example>
/// <code>Get-ADSyncPartitionPasswordSyncState</code>
/// <para>Shows the state of every partition.</para>
/// </example>
/// <example>
/// <code>Get-ADSyncPartitionPasswordSyncState | Where-Object { $_.PasswordSyncLastCycleStatus -ne 'Successful' }</code>
/// <para>Shows the partitions whose last cycle was not successful.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncPartitionPasswordSyncState")]
[OutputType(typeof(PartitionPasswordSyncState))]
public sealed class GetADSyncPartitionPasswordSyncState : ConnectCmdlet
{
    /// <summary>The name of a forest's connector. Case matters. Default: all forests.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    protected override void ProcessRecord() => EmitAll(
        ConnectorName, "partitions", PartitionPasswordSyncState.From, new[] { "password-sync", "partitions" }, Query("connector", ConnectorName));
}

/// <summary>Gets the progress of a forced full password synchronization.</summary>
/// <remarks>For the last full synchronization of each forest, shows the number of users sent and to be sent, the rate, the expected end, and what it is waiting for. With -Wait, the cmdlet shows a progress bar and returns when all of them have finished. While one is waiting for something, for example for an administrator to confirm the managed domain's key, the cmdlet warns you. With -TimeoutSeconds, it stops waiting after that time. It then reports an error and returns the progress so far.</remarks>
/// <example>
/// <code>Get-CausewayFullPasswordSync</code>
/// <para>Shows the last full synchronization of each forest.</para>
/// </example>
/// <example>
/// <code>Get-CausewayFullPasswordSync -ConnectorName corp.example.com -Wait</code>
/// <para>Waits until the full synchronization of one forest has finished.</para>
/// </example>
/// <example>
/// <code>Get-CausewayFullPasswordSync -Wait -TimeoutSeconds 600</code>
/// <para>Waits until all of them have finished, for at most ten minutes.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "CausewayFullPasswordSync")]
[OutputType(typeof(FullPasswordSync))]
public sealed class GetCausewayFullPasswordSync : ConnectCmdlet
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>The name of a forest's connector. Case matters. Default: all forests.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    /// <summary>Waits until the synchronization has finished, and shows a progress bar.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>Waits for at most this many seconds. With -Wait alone, the cmdlet waits until the synchronization has finished.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int TimeoutSeconds { get; set; } = int.MaxValue;

    protected override void ProcessRecord()
    {
        var waits = Wait || MyInvocation.BoundParameters.ContainsKey(nameof(TimeoutSeconds));
        var passes = ReadPasses();
        for (var waited = Stopwatch.StartNew(); passes != null && waits && passes.Any(pass => pass.CompletedAt is null); passes = ReadPasses())
        {
            for (var i = 0; i < passes.Count; i++) WriteProgress(ProgressOf(i, passes[i]));
            foreach (var pass in passes) WarnOnce(pass);
            var left = TimeSpan.FromSeconds(TimeoutSeconds) - waited.Elapsed;
            if (left <= TimeSpan.Zero)
            {
                WriteError(TimedOut(passes.Where(pass => pass.CompletedAt is null)));
                break;
            }
            if (Stop.WaitHandle.WaitOne(left < Pause ? left : Pause)) throw new PipelineStoppedException();
        }
        if (passes is null) return;
        for (var i = 0; waits && i < passes.Count; i++) WriteProgress(ProgressOf(i, passes[i], ended: true));
        WriteObject(passes, enumerateCollection: true);
    }

    private readonly Dictionary<string, string> _warned = new Dictionary<string, string>();

    /// <summary>Warns about what a synchronization is waiting for, and warns again only when that changes.</summary>
    private void WarnOnce(FullPasswordSync pass)
    {
        if (pass.WaitingFor is null || (_warned.TryGetValue(pass.ConnectorName, out var before) && before == pass.WaitingFor)) return;
        _warned[pass.ConnectorName] = pass.WaitingFor;
        WriteWarning($"The full password synchronization of '{pass.ConnectorName}' is waiting: {pass.WaitingFor}");
    }

    private ErrorRecord TimedOut(IEnumerable<FullPasswordSync> open)
    {
        var names = string.Join(", ", open.Select(pass => $"'{pass.ConnectorName}'"));
        var error = new ConnectException("timed-out", $"the full password synchronization of {names} has not finished within {TimeoutSeconds} seconds. It continues in the background.");
        return ErrorRecords.From(error, ConnectorName);
    }

    private List<FullPasswordSync>? ReadPasses()
    {
        var answer = Ask(ConnectorName, "GET", new[] { "password-sync", "full" }, Query("connector", ConnectorName));
        return answer is null ? null : Try(ConnectorName, () => answer.Objects("passes").Select(FullPasswordSync.From).OfType<FullPasswordSync>().ToList());
    }

    private static ProgressRecord ProgressOf(int id, FullPasswordSync pass, bool ended = false)
    {
        var rate = pass.UsersPerSecond is double perSecond ? $", {perSecond:0} a second" : string.Empty;
        var left = pass.ExpectedAt is DateTime end ? (int)Math.Max(0, (end - DateTime.UtcNow).TotalSeconds) : -1;
        return new ProgressRecord(id, $"Full password synchronization of {pass.ConnectorName}", pass.WaitingFor ?? $"{pass.Users} of {pass.Total} users{rate}")
        {
            PercentComplete = pass.PercentComplete,
            SecondsRemaining = left,
            RecordType = ended || pass.CompletedAt != null ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        };
    }
}

/// <summary>Diagnoses password hash synchronization, or follows the password of one object.</summary>
/// <remarks>Without an object, checks that the feature is on, that Connect is not in staging mode, that the channel of each forest is on and alive, and that each domain is reachable with sufficient permissions. With a connector and a distinguished name, shows how far that object's password has come, and what stops it.</remarks>
/// <example>
/// <code>Invoke-ADSyncDiagnostics -PasswordSync</code>
/// <para>Checks password hash synchronization for every forest.</para>
/// </example>
/// <example>
/// <code>Invoke-ADSyncDiagnostics -PasswordSync -ADConnectorName corp.example.com -DistinguishedName 'CN=Alice Example,OU=People,DC=corp,DC=example,DC=com'</code>
/// <para>Follows the password of one user.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Invoke, "ADSyncDiagnostics")]
[OutputType(typeof(Diagnosis))]
public sealed class InvokeADSyncDiagnostics : ConnectCmdlet
{
    /// <summary>Diagnoses password hash synchronization. There are no other diagnostics.</summary>
    [Parameter(Mandatory = true)]
    public SwitchParameter PasswordSync { get; set; }

    /// <summary>The name of a forest's connector. Case matters.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ConnectorName", "Name")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ADConnectorName { get; set; }

    /// <summary>The distinguished name of one object of that forest.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? DistinguishedName { get; set; }

    protected override void ProcessRecord()
    {
        if (DistinguishedName != null && ADConnectorName is null)
        {
            var error = new ConnectException("bad-request", "-ADConnectorName expected with -DistinguishedName, to name the object's forest", null, 400);
            ThrowTerminatingError(ErrorRecords.From(error, DistinguishedName));
        }
        EmitAll((object?)DistinguishedName ?? ADConnectorName, "checks", Diagnosis.From, new[] { "diagnostics", "password-sync" }, new Dictionary<string, object?>
        {
            ["connector"] = ADConnectorName,
            ["distinguishedName"] = DistinguishedName,
        });
    }
}
