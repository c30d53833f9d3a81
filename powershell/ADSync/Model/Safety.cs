using System;
using System.Linq;
using Causeway.ADSync.Api;

namespace Microsoft.IdentityManagement.PowerShell.ObjectModel;

/// <summary>What of a connector's next cycle is done anew.</summary>
public sealed class SchedulerConnectorOverride
{
    private SchedulerConnectorOverride(JsonObject json)
    {
        ConnectorIdentifier = json.Identifier("connectorId");
        ConnectorName = json.Text("connectorName");
        FullImportRequired = json.Flag("fullImportRequired");
        FullSyncRequired = json.Flag("fullSyncRequired");
    }

    public Guid ConnectorIdentifier { get; }

    public string ConnectorName { get; }

    public bool FullImportRequired { get; }

    public bool FullSyncRequired { get; }

    internal static SchedulerConnectorOverride From(JsonObject json) => new SchedulerConnectorOverride(json);
}

/// <summary>Above how many deletions all of them wait.</summary>
public sealed class ExportDeletionThreshold
{
    private ExportDeletionThreshold(JsonObject json)
    {
        DeletionPrevention = json.Integer("deletionPrevention");
        ThresholdCount = json.Integer("thresholdCount");
        Waiting = json.Integer("waiting");
    }

    /// <summary>1: it is on. It always is.</summary>
    public int DeletionPrevention { get; }

    /// <summary>Within 24 hours; a tenth of a forest counts beside it.</summary>
    public int ThresholdCount { get; }

    /// <summary>Deletions that wait for an approval now.</summary>
    public int Waiting { get; }

    internal static ExportDeletionThreshold From(JsonObject json) => new ExportDeletionThreshold(json);
}

/// <summary>Deletions that were approved.</summary>
public sealed class ApprovedDeletions
{
    private ApprovedDeletions(JsonObject json)
    {
        ConnectorName = json.Text("connector");
        Digest = json.Text("digest");
        Count = json.Integer("count");
        Users = json.Objects("people").Select(person => person.Text("user")).ToArray();
    }

    public string ConnectorName { get; }

    /// <summary>Stands for exactly these.</summary>
    public string Digest { get; }

    public int Count { get; }

    /// <summary>The first 10,000.</summary>
    public string[] Users { get; }

    internal static ApprovedDeletions From(JsonObject json) => new ApprovedDeletions(json);
}

/// <summary>Whether a newer release is put in place by itself.</summary>
public enum AutoUpgradeConfigurationState
{
    Suspended,
    Enabled,
    Disabled,
}

/// <summary>The same with the reason, where it is suspended.</summary>
public sealed class AutoUpgradeDetail
{
    internal AutoUpgradeDetail(AutoUpgradeConfigurationState state) => AutoUpgradeState = state;

    public AutoUpgradeConfigurationState AutoUpgradeState { get; }

    public string? SuspensionReason => null;
}
